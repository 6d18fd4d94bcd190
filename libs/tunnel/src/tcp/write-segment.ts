import { fold, sum, writeChecksum } from '../packet/checksum.ts';
import { protocolNumbers, tcpFlags, type PacketView } from '../packet/packet-view.ts';
import type { Framing } from '../router/contract.ts';
import { framingLength, writeFraming } from '../edge/tun-worker-messages.ts';
import { ownScale, type Outgoing } from './endpoint.ts';
import { synOptionsLength, writeSynOptions, type SynOptions } from './syn-options.ts';

const hopLimit = 64;
const tcpHeader = 20;
/** virtio_net_hdr: the checksum is still to be made. */
const needsChecksum = 1;

/** Writes the segments of one connection, as they go back to the program that began it. */
export class SegmentWriter {
  readonly #framing: Framing;
  readonly #options: SynOptions;
  readonly #family: 4 | 6;
  /** IP header with addresses, lengths left out, and the ports behind it. */
  readonly #head: Uint8Array;
  readonly #transport: number;
  /** Sum of the addresses and the protocol. */
  readonly #pseudo: number;

  /** From the program's SYN. */
  constructor(framing: Framing, syn: PacketView, options: SynOptions) {
    this.#framing = framing;
    this.#options = options;
    this.#family = syn.family;
    this.#transport = syn.family === 4 ? 20 : 40;
    const head = (this.#head = new Uint8Array(this.#transport + 4));
    const width = syn.family === 4 ? 4 : 16;
    const addresses = this.#transport - 2 * width;
    head.set(syn.destinationBytes(), addresses);
    head.set(syn.sourceBytes(), addresses + width);
    if (syn.family === 4) head.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, hopLimit, protocolNumbers.tcp]);
    else head.set([0x60, 0, 0, 0, 0, 0, protocolNumbers.tcp, hopLimit]);
    head.set(syn.bytes.subarray(syn.transport + 2, syn.transport + 4), this.#transport);
    head.set(syn.bytes.subarray(syn.transport, syn.transport + 2), this.#transport + 2);
    this.#pseudo = sum(head, addresses, this.#transport, protocolNumbers.tcp);
  }

  /**
   * Writes framing, headers and payload to the beginning of `bytes`; how long they are. `headersAlone` leaves the payload out, which is counted as though it stood
   * behind them; only where the device completes the checksum.
   */
  write(segment: Outgoing, bytes: Uint8Array, headersAlone = false): number {
    const start = framingLength[this.#framing];
    const syn = (segment.flags & tcpFlags.syn) !== 0;
    const scale = this.#options.scale === undefined ? undefined : ownScale;
    const header = tcpHeader + (syn ? synOptionsLength(scale) : 0);
    const transport = start + this.#transport;
    const length = header + segment.length;
    writeFraming(this.#framing, bytes, this.#family);
    bytes.set(this.#head, start);
    if (this.#family === 4) {
      write16(bytes, start + 2, this.#transport + length);
      writeChecksum(bytes, start + 10, sum(bytes, start, start + this.#transport));
    } else write16(bytes, start + 4, length);
    write32(bytes, transport + 4, segment.sequence);
    write32(bytes, transport + 8, segment.acknowledged);
    bytes[transport + 12] = (header / 4) << 4;
    bytes[transport + 13] = segment.flags;
    write16(bytes, transport + 14, segment.window);
    write32(bytes, transport + 16, 0);
    if (syn) writeSynOptions(bytes, transport + tcpHeader, this.#options.mss, scale);
    if (!headersAlone) segment.queue.copy(segment.offset, segment.length, bytes, transport + header);
    this.#writeChecksum(bytes, start, transport, length);
    return transport + (headersAlone ? header : length);
  }

  /** A device with `virtio_net_hdr` completes it, and the kernel behind it sees that nobody has to. */
  #writeChecksum(bytes: Uint8Array, start: number, transport: number, length: number): void {
    const pseudo = fold(this.#pseudo + length);
    if (this.#framing === 'vnet') {
      bytes[0] = needsChecksum;
      bytes[6] = (transport - start) & 0xff;
      bytes[7] = (transport - start) >>> 8;
      bytes[8] = 16;
      write16(bytes, transport + 16, pseudo);
    } else writeChecksum(bytes, transport + 16, sum(bytes, transport, transport + length, pseudo));
  }
}

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  write16(bytes, at, (value >>> 16) & 0xffff);
  write16(bytes, at + 2, value & 0xffff);
}
