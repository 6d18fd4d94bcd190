import { parseNetwork } from '../networks.ts';
import type { Listener } from '../listeners.ts';

/** Sockets of every user with numbers in place of names, a field a line: user, family, protocol, name. */
export const lsofArguments = ['-nP', '-iTCP', '-iUDP', '-F', 'utPn'] as const;

/** Reads what `lsof` says with {@link lsofArguments}: sockets without another end wait for others. */
export function listenersOfLsof(text: string): Listener[] {
  const found: Listener[] = [];
  let uid: number | undefined;
  let version: 4 | 6 | undefined;
  let proto: 'tcp' | 'udp' | undefined;
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line[0] === 'u') uid = /^\d+$/.test(value) ? Number(value) : undefined;
    if (line[0] === 't') version = value === 'IPv4' ? 4 : value === 'IPv6' ? 6 : undefined;
    if (line[0] === 'P') proto = value === 'TCP' ? 'tcp' : value === 'UDP' ? 'udp' : undefined;
    if (line[0] !== 'n' || value.includes('->')) continue;
    const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(value) ?? [];
    const address = host === '*' ? 0n : parseNetwork(host)?.first;
    if (uid === undefined || version === undefined || proto === undefined || address === undefined) continue;
    found.push({ proto, version, address, port: Number(port), uid });
  }
  return found;
}
