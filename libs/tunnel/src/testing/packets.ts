import ipaddr from 'ipaddr.js';

/** What a packet should be made of. Lengths and checksums are computed unless they are given. */
export interface PacketShape {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** TCP flags; ICMP type. */
  readonly flags?: number;
  readonly sequence?: number;
  readonly acknowledged?: number;
  /** As it stands in the header; the greatest unless it is given. */
  readonly window?: number;
  readonly payload?: Uint8Array;
  readonly options?: number;
  readonly fragment?: number;
}

/** The checksum as RFC 1071 tells it, slowly and without any of the code under test. */
export function slowChecksum(...parts: readonly Uint8Array[]): number {
  let total = 0;
  let high = true;
  for (const part of parts)
    for (const byte of part) {
      total += high ? byte * 256 : byte;
      high = !high;
    }
  while (total > 0xffff) total = (total % 0x1_0000) + Math.floor(total / 0x1_0000);
  return 0xffff - total;
}

/** Builds a packet for a test, by itself. */
export function buildPacket(shape: PacketShape): Uint8Array {
  const from = Uint8Array.from(ipaddr.parse(shape.from).toByteArray());
  const to = Uint8Array.from(ipaddr.parse(shape.to).toByteArray());
  const body = transportOf(shape);
  const at = { 6: 16, 17: 6, 1: 2, 58: 2 }[shape.protocol];
  if (at !== undefined) {
    const pseudo = Uint8Array.from([...from, ...to, 0, shape.protocol, body.length >>> 8, body.length & 255]);
    const found = shape.protocol === 1 ? slowChecksum(body) : slowChecksum(pseudo, body);
    const written = shape.protocol === 17 && found === 0 ? 0xffff : found;
    body[at] = written >>> 8;
    body[at + 1] = written & 255;
  }
  return from.length === 4 ? packet4(shape, from, to, body) : packet6(shape, from, to, body);
}

function packet4(shape: PacketShape, from: Uint8Array, to: Uint8Array, body: Uint8Array): Uint8Array {
  const options = (shape.options ?? 0) * 4;
  const length = 20 + options + body.length;
  const header = Uint8Array.from([
    ...[0x45 + (shape.options ?? 0), 0, length >>> 8, length & 255, 0x12, 0x34],
    ...[(shape.fragment ?? 0) >>> 8, (shape.fragment ?? 0) & 255, 64, shape.protocol, 0, 0],
    ...from,
    ...to,
    ...new Uint8Array(options).fill(1),
  ]);
  const found = slowChecksum(header);
  header[10] = found >>> 8;
  header[11] = found & 255;
  return Uint8Array.from([...header, ...body]);
}

function packet6(shape: PacketShape, from: Uint8Array, to: Uint8Array, body: Uint8Array): Uint8Array {
  const next = shape.fragment === undefined ? shape.protocol : 44;
  const extra =
    shape.fragment === undefined
      ? []
      : [shape.protocol, 0, shape.fragment >>> 8, shape.fragment & 255, 0, 0, 0, 1];
  const length = extra.length + body.length;
  return Uint8Array.from([
    0x60,
    0,
    0,
    0,
    length >>> 8,
    length & 255,
    next,
    64,
    ...from,
    ...to,
    ...extra,
    ...body,
  ]);
}

function transportOf(shape: PacketShape): Uint8Array {
  const payload = shape.payload ?? new Uint8Array(0);
  const { sourcePort = 0, destinationPort = 0, flags = 0, sequence = 0, acknowledged = 0 } = shape;
  const ports = [sourcePort >>> 8, sourcePort & 255, destinationPort >>> 8, destinationPort & 255];
  const word = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  if (shape.protocol === 6)
    return Uint8Array.from([
      ...ports,
      ...word(sequence),
      ...word(acknowledged),
      0x50,
      flags,
      (shape.window ?? 0xffff) >>> 8,
      (shape.window ?? 0xffff) & 255,
      0,
      0,
      0,
      0,
      ...payload,
    ]);
  if (shape.protocol === 17) {
    const length = 8 + payload.length;
    return Uint8Array.from([...ports, length >>> 8, length & 255, 0, 0, ...payload]);
  }
  if (shape.protocol === 1 || shape.protocol === 58)
    return Uint8Array.from([flags, 0, 0, 0, 0x4d, 0x01, 0, 7, ...payload]);
  return payload.slice();
}

/** Whether every checksum of a packet is right, told slowly. */
export function checksumsHold(packet: Uint8Array): boolean {
  const four = packet[0]! >>> 4 === 4;
  if (four && slowChecksum(packet.subarray(0, 20)) !== 0) return false;
  const protocol = packet[four ? 9 : 6]!;
  const body = packet.subarray(four ? 20 : 40);
  if (protocol === 1) return slowChecksum(body) === 0;
  const addresses = packet.subarray(four ? 12 : 8, four ? 20 : 40);
  return (
    slowChecksum(addresses, Uint8Array.from([0, protocol, body.length >>> 8, body.length & 255]), body) === 0
  );
}
