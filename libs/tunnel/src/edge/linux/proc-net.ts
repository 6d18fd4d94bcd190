import type { Listener } from '../listeners.ts';

const hex = /^[0-9A-F]+$/;
/** States of the kernel's tables: TCP that listens, UDP that is not connected. */
const waiting = { tcp: '0A', udp: '07' } as const;

/**
 * Reads `/proc/net/tcp`, `tcp6`, `udp` or `udp6`: the sockets that wait for others, with the user who holds them. A line that is none is passed over. Addresses stand there
 * in words of four bytes in the machine's own order, which is little-endian wherever Node runs.
 */
export function listenersOfProc(text: string, proto: 'tcp' | 'udp'): Listener[] {
  const found: Listener[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local = '', , state, , , , uid = ''] = line.trim().split(/\s+/);
    const [words = '', port = ''] = local.split(':');
    if (state !== waiting[proto] || !hex.test(words) || !hex.test(port) || !/^\d+$/.test(uid)) continue;
    if (words.length !== 8 && words.length !== 32) continue;
    const bytes = (words.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join(''));
    found.push({
      proto,
      version: words.length === 8 ? 4 : 6,
      address: BigInt(`0x${bytes.join('')}`),
      port: Number.parseInt(port, 16),
      uid: Number(uid),
    });
  }
  return found;
}
