import type { WireReason } from '../errors.ts';
import { keepAliveCheckMs, keepAliveSendMs, streamPayloadBytesMax, streamsMax } from '../limits.ts';
import type { Carrier, CarrierHost } from '../session/carrier.ts';
import type { StreamId } from '../session/contract.ts';
import { PortStream, type StreamTable } from '../session/stream-table.ts';
import { smuxCommands, smuxHeaderBytes, writeSmuxHeader, type SmuxCommand } from './frame.ts';
import { SmuxReader } from './reader.ts';

/** Header-only frames that belong to no stream of the table: FIN in answer to a stream we do not want, NOP. */
const looseMax = 1024;

/**
 * smux v1, either role. The writer never lets a frame cross a message: each Output payload is filled with whole frames, round robin
 * over the streams, so that a peer of the same kind hands data on without assembling it, and no stream starves another. A stream that had
 * nothing to send goes before all that stand in line, for one message's worth of bytes: an echo does not wait behind fifty bulk flows.
 * It has that credit once for each time that the line could have moved round, so that preference never adds up to more than its share.
 */
export class MuxCarrier implements Carrier {
  readonly #table: StreamTable;
  readonly #host: CarrierHost;
  readonly #role: 'client' | 'agent';
  readonly #reader: SmuxReader;
  /** Streams that began to send and have not had a message's worth yet, oldest first. They go before `turn`. */
  readonly #fresh: PortStream[] = [];
  /** Streams in turn; the head is next. Those with nothing to say any more leave when their turn comes. */
  readonly #turn: PortStream[] = [];
  /** Data bytes sent by all streams: the clock of credits. */
  #moved = 0;
  readonly #loose: { readonly command: SmuxCommand; readonly stream: number }[] = [];
  // The official client counts from 1 and adds 2 before use.
  #lastId = 1;
  #keepAliveAt: number | undefined;
  #checkAt = 0;
  #heard = false;

  constructor(role: 'client' | 'agent', table: StreamTable, host: CarrierHost, keepAliveFrom?: number) {
    this.#role = role;
    this.#table = table;
    this.#host = host;
    this.#reader = new SmuxReader({
      command: (command, stream) => this.#command(command, stream),
      data: (stream, bytes) => this.#data(stream, bytes),
    });
    if (keepAliveFrom !== undefined) {
      this.#keepAliveAt = keepAliveFrom + keepAliveSendMs;
      this.#checkAt = keepAliveFrom + keepAliveCheckMs;
    }
  }

  open(): StreamId | undefined {
    if (this.#table.streams.size >= streamsMax) return undefined;
    this.#lastId += 2;
    const stream = new PortStream(this.#lastId);
    stream.announce = true;
    this.#table.add(stream);
    this.#queue(stream);
    return stream.id;
  }

  written(id: StreamId): void {
    const stream = this.#table.streams.get(id);
    if (stream !== undefined) this.#queue(stream);
  }

  end(id: StreamId): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined || stream.ending) return;
    if (stream.peerEnded) {
      this.#table.remove(stream); // both sides have closed; what was kept for the reader is not wanted
      return;
    }
    stream.ending = true;
    this.#queue(stream);
  }

  abort(id: StreamId): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined) return;
    this.#table.remove(stream);
    // A stream that was never announced is unknown to the peer; nobody needs to hear of its end.
    if (!stream.announce && !stream.peerEnded) this.#sendLoose(smuxCommands.fin, id);
  }

  receive(payload: Uint8Array): WireReason | undefined {
    this.#heard = true;
    return this.#reader.push(payload);
  }

  get pending(): boolean {
    if (this.#loose.length > 0) return true;
    return this.#fresh.some(hasToSay) || this.#turn.some(hasToSay);
  }

  fill(target: Uint8Array, at: number, room: number): number {
    const limit = at + room;
    let to = at;
    while (limit - to >= smuxHeaderBytes) {
      const loose = this.#loose.shift();
      if (loose !== undefined) {
        writeSmuxHeader(target, to, loose.command, 0, loose.stream);
        to += smuxHeaderBytes;
        continue;
      }
      const line = this.#fresh.length > 0 ? this.#fresh : this.#turn;
      const stream = line[0];
      if (stream === undefined) break;
      const written = this.#fillFrom(line, stream, target, to, limit - to);
      if (written === 0 && line[0] === stream) break; // no room for a byte of its data
      to += written;
    }
    return to - at;
  }

  /** One frame of the stream at the head of `line`; 0 when the room is too small, or when it has nothing to say and left. */
  #fillFrom(line: PortStream[], stream: PortStream, target: Uint8Array, at: number, room: number): number {
    if (this.#table.streams.get(stream.id) !== stream) {
      line.shift(); // removed since it was queued
      stream.queued = false;
      return 0;
    }
    if (stream.announce) {
      stream.announce = false;
      writeSmuxHeader(target, at, smuxCommands.syn, 0, stream.id);
      return smuxHeaderBytes;
    }
    if (stream.outgoing.length > 0) return this.#fillData(line, stream, target, at, room);
    line.shift();
    stream.queued = false;
    if (!stream.ending) return 0;
    writeSmuxHeader(target, at, smuxCommands.fin, 0, stream.id);
    this.#table.remove(stream);
    return smuxHeaderBytes;
  }

  #fillData(line: PortStream[], stream: PortStream, target: Uint8Array, at: number, room: number): number {
    const length = Math.min(stream.outgoing.length, room - smuxHeaderBytes);
    if (length === 0) return 0;
    writeSmuxHeader(target, at, smuxCommands.psh, length, stream.id);
    stream.credit -= length;
    this.#moved += length;
    // The turn passes on first: `moveOut` may call the writer, who may put the stream back.
    if (line === this.#fresh ? stream.credit <= 0 : line.length > 1) {
      line.shift();
      this.#turn.push(stream);
    }
    this.#table.moveOut(stream, target, at + smuxHeaderBytes, length);
    return smuxHeaderBytes + length;
  }

  #queue(stream: PortStream): void {
    if (!stream.queued) {
      stream.queued = true;
      if (this.#moved >= stream.creditFrom) {
        stream.credit = streamPayloadBytesMax;
        stream.creditFrom = this.#moved + streamPayloadBytesMax * (this.#turn.length + 1);
      }
      (stream.credit > 0 ? this.#fresh : this.#turn).push(stream);
    }
    this.#host.outgoing();
  }

  #sendLoose(command: SmuxCommand, stream: number): void {
    if (this.#loose.length >= looseMax) return; // a hostile peer's unwanted streams need no answer
    this.#loose.push({ command, stream });
    this.#host.outgoing();
  }

  #command(command: Exclude<SmuxCommand, 2>, id: number): void {
    if (command === smuxCommands.nop) return;
    const stream = this.#table.streams.get(id);
    if (command === smuxCommands.syn) {
      if (stream === undefined) this.#opened(id);
      return;
    }
    if (stream === undefined || stream.peerEnded) return;
    // Answered with a FIN of our own, as the official ends do when their local side has closed.
    if (!stream.announce) this.#sendLoose(smuxCommands.fin, id);
    this.#table.peerEnd(stream);
  }

  #opened(id: number): void {
    if (this.#role === 'client') {
      this.#host.discarded('SMUX_STREAM_NOT_OURS');
      this.#sendLoose(smuxCommands.fin, id);
      return;
    }
    if (this.#table.streams.size >= streamsMax) {
      this.#host.discarded('SMUX_STREAMS_TOO_MANY');
      this.#sendLoose(smuxCommands.fin, id);
      return;
    }
    const stream = new PortStream(id);
    stream.readPaused = true; // until the destination is dialled
    this.#table.add(stream);
    this.#host.opened(id);
  }

  #data(id: number, bytes: Uint8Array): void {
    const stream = this.#table.streams.get(id);
    // Data of an unknown stream is read and dropped, as smux does: it crossed our FIN.
    if (stream !== undefined && !stream.peerEnded) this.#table.deliver(stream, bytes);
  }

  get keepAliveAt(): number | undefined {
    return this.#keepAliveAt;
  }

  keepAlive(now: number, deaf: boolean): boolean {
    this.#heard ||= deaf;
    if (this.#keepAliveAt === undefined || now < this.#keepAliveAt) return true;
    this.#keepAliveAt = now + keepAliveSendMs;
    this.#sendLoose(smuxCommands.nop, 0);
    if (now < this.#checkAt) return true;
    this.#checkAt = now + keepAliveCheckMs;
    const heard = this.#heard;
    this.#heard = false;
    return heard;
  }
}

function hasToSay(stream: PortStream): boolean {
  return stream.outgoing.length > 0 || stream.announce || stream.ending;
}
