import { fold, sum, writeChecksum } from './checksum.ts';
import { protocolNumbers, tcpFlags, type PacketView } from './packet-view.ts';

/**
 * Packets made for the person's own programs: answers that seem to come from the destination of what they sent. Every checksum is complete, since
 * not every device completes them.
 */

/** Why a destination cannot be had, in the words of ICMP. */
export type Unreachable = 'network' | 'host' | 'port' | 'prohibited';

const codes4: Readonly<Record<Unreachable, number>> = { network: 0, host: 1, port: 3, prohibited: 13 };
const codes6: Readonly<Record<Unreachable, number>> = { network: 0, host: 3, port: 4, prohibited: 1 };
/** How much of the refused packet an ICMP error repeats: RFC 1812 allows 576 bytes in all, RFC 4443 the smallest MTU. */
const repeated4 = 548;
const repeated6 = 1232;
/** So much of a packet is enough for every answer to it. */
export const answerableBytes = repeated6;
const hopLimit = 64;

/** An IP packet back to the sender of `asked`, with room for a transport part of `length` bytes; its checksum is the caller's. */
function towardsSender(
  asked: PacketView,
  protocol: number,
  length: number,
): { packet: Uint8Array; transport: number } {
  const transport = asked.family === 4 ? 20 : 40;
  const packet = new Uint8Array(transport + length);
  if (asked.family === 4) {
    packet[0] = 0x45;
    write16(packet, 2, packet.length);
    packet[8] = hopLimit;
    packet[9] = protocol;
    packet.set(asked.destinationBytes(), 12);
    packet.set(asked.sourceBytes(), 16);
    writeChecksum(packet, 10, sum(packet, 0, 20));
  } else {
    packet[0] = 0x60;
    write16(packet, 4, length);
    packet[6] = protocol;
    packet[7] = hopLimit;
    packet.set(asked.destinationBytes(), 8);
    packet.set(asked.sourceBytes(), 24);
  }
  return { packet, transport };
}

/** The sum of the pseudo header (RFC 9293, RFC 8200) and of everything behind the IP header. */
export function transportSum(packet: Uint8Array, transport: number, protocol: number): number {
  const addresses = packet[0]! >>> 4 === 4 ? 12 : 8;
  const length = packet.length - transport;
  const pseudo = sum(packet, addresses, transport, protocol + fold(length));
  return sum(packet, transport, packet.length, pseudo);
}

/** The reset that answers a TCP segment of no connection (RFC 9293, 3.10.7.1); undefined for a reset, which none answers. */
export function tcpReset(asked: PacketView): Uint8Array | undefined {
  if ((asked.flags & tcpFlags.rst) !== 0) return undefined;
  const { packet, transport } = towardsSender(asked, protocolNumbers.tcp, 20);
  write16(packet, transport, asked.destinationPort);
  write16(packet, transport + 2, asked.sourcePort);
  packet[transport + 12] = 0x50;
  const from = asked.transport;
  if ((asked.flags & tcpFlags.ack) !== 0) {
    packet.set(asked.bytes.subarray(from + 8, from + 12), transport + 4);
    packet[transport + 13] = tcpFlags.rst;
  } else {
    const header = (asked.bytes[from + 12]! >>> 4) * 4;
    const counted =
      (asked.flags & tcpFlags.syn ? 1 : 0) + (asked.flags & tcpFlags.fin ? 1 : 0) + asked.end - from - header;
    write32(packet, transport + 8, asked.word32(from + 4) + counted);
    packet[transport + 13] = tcpFlags.rst | tcpFlags.ack;
  }
  writeChecksum(packet, transport + 16, transportSum(packet, transport, protocolNumbers.tcp));
  return packet;
}

/** The ICMP error that says why `asked` goes nowhere; undefined where none may be sent (to an ICMP error, RFC 1122 3.2.2). */
export function unreachable(asked: PacketView, why: Unreachable): Uint8Array | undefined {
  const six = asked.family === 6;
  const protocol = six ? protocolNumbers.icmp6 : protocolNumbers.icmp;
  if (asked.protocol === protocol && !asked.isEchoRequest) return undefined;
  const repeated = Math.min(asked.end - asked.start, six ? repeated6 : repeated4);
  const { packet, transport } = towardsSender(asked, protocol, 8 + repeated);
  packet[transport] = six ? 1 : 3;
  packet[transport + 1] = six ? codes6[why] : codes4[why];
  packet.set(asked.bytes.subarray(asked.start, asked.start + repeated), transport + 8);
  writeIcmpChecksum(packet, transport, protocol);
  return packet;
}

/** The answer to an ICMP echo request, with the payload that came back. */
export function echoReply(asked: PacketView, payload: Uint8Array): Uint8Array {
  const protocol = asked.family === 6 ? protocolNumbers.icmp6 : protocolNumbers.icmp;
  const { packet, transport } = towardsSender(asked, protocol, 8 + payload.length);
  packet[transport] = asked.family === 6 ? 129 : 0;
  packet.set(asked.bytes.subarray(asked.transport + 4, asked.transport + 8), transport + 4);
  packet.set(payload, transport + 8);
  writeIcmpChecksum(packet, transport, protocol);
  return packet;
}

/** A datagram from the destination of `asked` back to its sender. */
export function udpReply(asked: PacketView, payload: Uint8Array): Uint8Array {
  const { packet, transport } = towardsSender(asked, protocolNumbers.udp, 8 + payload.length);
  write16(packet, transport, asked.destinationPort);
  write16(packet, transport + 2, asked.sourcePort);
  write16(packet, transport + 4, 8 + payload.length);
  packet.set(payload, transport + 8);
  const folded = transportSum(packet, transport, protocolNumbers.udp);
  // A checksum of zero would mean that there is none (RFC 768): its other form is written.
  writeChecksum(packet, transport + 6, folded === 0xffff ? 0 : folded);
  return packet;
}

/** The payload of a datagram or of an echo request. */
export function payloadOf(view: PacketView): Uint8Array {
  return view.bytes.subarray(view.transport + 8, view.end);
}

/** ICMPv6 sums the pseudo header, ICMP does not. */
function writeIcmpChecksum(packet: Uint8Array, transport: number, protocol: number): void {
  const folded =
    protocol === protocolNumbers.icmp6
      ? transportSum(packet, transport, protocol)
      : sum(packet, transport, packet.length);
  writeChecksum(packet, transport + 2, folded);
}

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  write16(bytes, at, (value >>> 16) & 0xffff);
  write16(bytes, at + 2, value & 0xffff);
}
