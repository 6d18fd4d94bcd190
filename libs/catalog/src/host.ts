/**
 * Hosts a resource may lead to. The SSM Agent refuses only a short list of addresses (not loopback, not the
 * credential endpoints of ECS and EKS), so the catalogue refuses whole ranges before a document exists.
 */
import { ipv4Octets } from './network.ts';

const dnsName =
  /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** Whether the text is a plain DNS name or IPv4 address: no brackets, braces, spaces or other number forms. */
export function isHost(text: string): boolean {
  if (ipv4Octets(text) !== undefined) return true;
  const labels = text.split('.');
  // A last label of digits (or 0x...) would be read as an IPv4 number by resolvers: 127.1, 2130706433, 0x7f.1.
  return dnsName.test(text) && !/^(\d+|0[xX][0-9a-fA-F]*)$/.test(labels.at(-1) ?? '');
}

/** Why a host may never be reached through a gateway, or undefined when it may. */
export function forbiddenBecause(host: string): string | undefined {
  const octets = ipv4Octets(host);
  if (octets === undefined) {
    const name = host.toLowerCase();
    if (name === 'localhost' || name.endsWith('.localhost')) return 'it is the gateway itself';
    if (name === 'instance-data' || name.startsWith('instance-data.')) return 'it is the metadata service';
    return undefined;
  }
  const [first = 0, second = 0] = octets;
  if (first === 127) return 'it is the gateway itself';
  if (first === 0) return 'it means "this host"';
  if (first === 169 && second === 254) return 'it is link-local, where the metadata services are';
  if (first >= 224) return 'it is multicast, reserved or broadcast';
  return undefined;
}
