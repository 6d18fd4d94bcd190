import type { Family } from './address.ts';

/** Why bytes are no packet that can be judged. The empty string means that they are. */
export type Malformed =
  | ''
  | 'not-ip'
  | 'truncated'
  | 'bad-length'
  | 'options'
  | 'extension-header'
  | 'fragment'
  | 'transport-truncated';

/** Protocol numbers (IANA) that the tunnel knows. */
export const protocolNumbers = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** Bits of the TCP flags byte. */
export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

const extensionHeaders = new Set([0, 43, 60, 135, 139, 140, 253, 254]);
const fragmentHeader = 44;

/**
 * One packet, read in place: the same view is used for every packet, and reading allocates nothing. Addresses are four signed words each, most
 * significant first, and IPv4 has its one word last.
 */
export class PacketView {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the IP header starts in `bytes`, and where the packet ends by its own length. */
  start = 0;
  end = 0;
  family: Family = 4;
  protocol = 0;
  /** Where the transport header starts. */
  transport = 0;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** Ports of TCP and UDP; 0 for everything else. */
  sourcePort = 0;
  destinationPort = 0;
  /** TCP: the flags byte. ICMP: the type. */
  flags = 0;

  /** Reads the packet at `start..end`. After anything but '' the other fields mean nothing. */
  read(bytes: Uint8Array, start: number, end: number): Malformed {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.flags = 0;
    if (end - start < 20) return end === start ? 'not-ip' : 'truncated';
    const version = bytes[start]! >>> 4;
    const malformed = version === 4 ? this.#read4() : version === 6 ? this.#read6() : 'not-ip';
    return malformed === '' ? this.#readTransport() : malformed;
  }

  #read4(): Malformed {
    const { bytes, start } = this;
    const header = (bytes[start]! & 15) * 4;
    const length = this.word16(start + 2);
    if (header < 20 || length < header) return 'bad-length';
    if (length > this.end - start) return 'truncated';
    this.end = start + length;
    this.family = 4;
    this.protocol = bytes[start + 9]!;
    this.source0 = this.source1 = this.source2 = 0;
    this.source3 = this.word32(start + 12);
    this.destination0 = this.destination1 = this.destination2 = 0;
    this.destination3 = this.word32(start + 16);
    this.transport = start + header;
    // Source routes are options; nothing that a laptop sends needs one.
    if (header !== 20) return 'options';
    return (this.word16(start + 6) & 0x3fff) === 0 ? '' : 'fragment';
  }

  #read6(): Malformed {
    const { bytes, start } = this;
    if (this.end - start < 40) return 'truncated';
    const length = this.word16(start + 4);
    if (40 + length > this.end - start) return 'truncated';
    this.end = start + 40 + length;
    this.family = 6;
    this.protocol = bytes[start + 6]!;
    this.source0 = this.word32(start + 8);
    this.source1 = this.word32(start + 12);
    this.source2 = this.word32(start + 16);
    this.source3 = this.word32(start + 20);
    this.destination0 = this.word32(start + 24);
    this.destination1 = this.word32(start + 28);
    this.destination2 = this.word32(start + 32);
    this.destination3 = this.word32(start + 36);
    this.transport = start + 40;
    if (this.protocol === fragmentHeader) return 'fragment';
    return extensionHeaders.has(this.protocol) ? 'extension-header' : '';
  }

  #readTransport(): Malformed {
    const { bytes, transport } = this;
    const room = this.end - transport;
    if (this.protocol === protocolNumbers.tcp) {
      if (room < 20) return 'transport-truncated';
      const header = (bytes[transport + 12]! >>> 4) * 4;
      if (header < 20 || header > room) return 'bad-length';
      this.#readPorts();
      this.flags = bytes[transport + 13]!;
    } else if (this.protocol === protocolNumbers.udp) {
      if (room < 8) return 'transport-truncated';
      if (this.word16(transport + 4) !== room) return 'bad-length';
      this.#readPorts();
    } else if (this.protocol === (this.family === 4 ? protocolNumbers.icmp : protocolNumbers.icmp6)) {
      if (room < 8) return 'transport-truncated';
      this.flags = bytes[transport]!;
    }
    return '';
  }

  #readPorts(): void {
    this.sourcePort = this.word16(this.transport);
    this.destinationPort = this.word16(this.transport + 2);
  }

  /** Whether this is an ICMP echo request. */
  get isEchoRequest(): boolean {
    return this.family === 4
      ? this.protocol === protocolNumbers.icmp && this.flags === 8
      : this.protocol === protocolNumbers.icmp6 && this.flags === 128;
  }

  /** A view of its own of the packet's first bytes, at most so many: enough for answers to it, without its payload. */
  beginning(bytesMax: number): PacketView {
    const { start, end } = this;
    const view = new PacketView();
    view.read(this.bytes, start, end);
    view.bytes = Uint8Array.from(this.bytes.subarray(start, Math.min(end, start + bytesMax)));
    view.start = 0;
    view.end = view.bytes.length;
    view.transport -= start;
    return view;
  }

  /** A copy of the packet's own bytes. */
  copy(): Uint8Array {
    return this.#copied(this.start, this.end);
  }

  /** The destination's bytes, copied. */
  destinationBytes(): Uint8Array {
    const at = this.start + (this.family === 4 ? 16 : 24);
    return this.#copied(at, at + (this.family === 4 ? 4 : 16));
  }

  /** The source's bytes, copied. */
  sourceBytes(): Uint8Array {
    const at = this.start + (this.family === 4 ? 12 : 8);
    return this.#copied(at, at + (this.family === 4 ? 4 : 16));
  }

  /** Not by `slice`: that of a Buffer shares its memory. */
  #copied(from: number, to: number): Uint8Array {
    return new Uint8Array(this.bytes.subarray(from, to));
  }

  word16(at: number): number {
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  /** Signed, as JavaScript's bit operations have it. */
  word32(at: number): number {
    const { bytes } = this;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
}
