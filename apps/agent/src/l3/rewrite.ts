import { fold, PacketView, sum, updateChecksum, writeChecksum } from '@sallyport/tunnel';

/** Protocols besides TCP and UDP whose checksum covers the addresses, and where it stands: DCCP (RFC 4340), UDP-Lite (RFC 3828). */
const addressed = new Map([
  [33, 6],
  [136, 6],
]);
const icmp = { 4: 1, 6: 58 } as const;
/** ICMP messages that quote the packet they are about: unreachable, too big, time exceeded, parameter problem. */
const errorTypes = { 4: new Set([3, 11, 12]), 6: new Set([1, 2, 3, 4]) } as const;
const icmpHeaderBytes = 8;

/** The packet that an ICMP error is about, as far as it is quoted. */
export interface Quoted {
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Puts another address into a packet that was read, in place, with the checksums that cover it. */
export function replaceAddress(view: PacketView, which: 'source' | 'destination', address: Uint8Array): void {
  const { bytes, family, start, transport, end, protocol } = view;
  const at = start + addressAt(family, which);
  const own = addressed.get(protocol);
  for (let byte = 0; byte < address.length; byte += 2) {
    const before = view.word16(at + byte);
    const after = (address[byte]! << 8) | address[byte + 1]!;
    if (family === 4) updateChecksum(bytes, start + 10, before, after);
    if (own !== undefined && transport + own + 2 <= end)
      updateChecksum(bytes, transport + own, before, after);
    bytes[at + byte] = address[byte]!;
    bytes[at + byte + 1] = address[byte + 1]!;
  }
}

/** What an ICMP error quotes; undefined for any other packet, and for one that quotes no whole header. */
export function quotedBy(view: PacketView): Quoted | undefined {
  const { bytes, family, transport, end, protocol, flags } = view;
  if (protocol !== icmp[family] || !errorTypes[family].has(flags)) return undefined;
  const start = transport + icmpHeaderBytes;
  const length = family === 4 ? 4 : 16;
  const whole = family === 4 ? 20 : 40;
  if (end - start < whole || bytes[start]! >>> 4 !== family) return undefined;
  const address = (which: 'source' | 'destination') =>
    new Uint8Array(
      bytes.subarray(start + addressAt(family, which), start + addressAt(family, which) + length),
    );
  return {
    protocol: bytes[start + (family === 4 ? 9 : 6)]!,
    source: address('source'),
    destination: address('destination'),
  };
}

/** Gives the quoted packet and the error around it to the client: its own address in both places, and the checksums anew. */
export function readdressError(view: PacketView, address: Uint8Array): void {
  const { bytes, family, transport, end } = view;
  replaceAddress(view, 'destination', address);
  const start = transport + icmpHeaderBytes;
  const at = start + addressAt(family, 'source');
  for (let byte = 0; byte < address.length; byte += 2) {
    const before = (bytes[at + byte]! << 8) | bytes[at + byte + 1]!;
    if (family === 4) updateChecksum(bytes, start + 10, before, (address[byte]! << 8) | address[byte + 1]!);
    bytes[at + byte] = address[byte]!;
    bytes[at + byte + 1] = address[byte + 1]!;
  }
  writeChecksum(bytes, transport + 2, 0xffff);
  const pseudo = family === 4 ? 0 : pseudoSum(view);
  writeChecksum(bytes, transport + 2, sum(bytes, transport, end, pseudo));
}

/** The sum of the addresses, length and protocol that ICMPv6 covers beside itself (RFC 8200, 8.1). */
function pseudoSum({ bytes, start, transport, end }: PacketView): number {
  return fold(sum(bytes, start + 8, start + 40) + (end - transport) + icmp[6]);
}

function addressAt(family: 4 | 6, which: 'source' | 'destination'): number {
  if (family === 4) return which === 'source' ? 12 : 16;
  return which === 'source' ? 8 : 24;
}
