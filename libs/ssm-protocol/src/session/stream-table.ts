import {
  readBufferBytesMax,
  readPressureBytes,
  sessionWriteBytesMax,
  streamWriteBytesMax,
} from '../limits.ts';
import { IncomingBytes, OutgoingBytes } from './byte-queue.ts';
import type { StreamId } from './contract.ts';

/** One connection carried by a session. */
export class PortStream {
  readonly id: StreamId;
  readonly outgoing = new OutgoingBytes();
  readonly incoming = new IncomingBytes();
  /** Keeps what arrives instead of delivering it: the reader is slow, or the destination is not dialled yet. */
  readPaused = false;
  /** A `write` was not taken wholly; the writer waits to be told of room. */
  wantsRoom = false;
  /** Our side closed it: what is left is sent, then it is over. */
  ending = false;
  /** The peer closed it: what is kept is delivered, then it is over. */
  peerEnded = false;
  /** The opening of the stream is still to be announced (smux SYN). */
  announce = false;
  /** In a line of streams that have something to send. */
  queued = false;
  /** Bytes that it may still send before streams that have had their turn. */
  credit = 0;
  /** When the credit is full again, in bytes sent by all streams. */
  creditFrom = 0;

  constructor(id: StreamId) {
    this.id = id;
  }
}

/** What the table tells the session. */
export interface StreamTableHost {
  data(stream: StreamId, bytes: Uint8Array): void;
  end(stream: StreamId): void;
  writable(stream: StreamId): void;
  readPressure(on: boolean): void;
  /** Something new is to be sent. */
  outgoing(): void;
}

/** The streams of a session with their bounded buffers. Carriers (mux, basic) decide how the bytes travel. */
export class StreamTable {
  readonly streams = new Map<StreamId, PortStream>();
  readonly #host: StreamTableHost;
  #outgoingBytes = 0;
  #incomingBytes = 0;
  #pressing = false;
  /** A `write` was cut short by the bound of the session, not of its stream. */
  #short = false;
  bytesSent = 0;
  bytesReceived = 0;

  constructor(host: StreamTableHost) {
    this.#host = host;
  }

  /** Bytes of all streams that wait to be sent. */
  get outgoingBytes(): number {
    return this.#outgoingBytes;
  }

  /** Bytes of all streams that are kept for slow readers. */
  get incomingBytes(): number {
    return this.#incomingBytes;
  }

  /** The driver has been asked to stop reading. */
  get pressing(): boolean {
    return this.#pressing;
  }

  add(stream: PortStream): void {
    this.streams.set(stream.id, stream);
  }

  /** Takes what fits; see `PortSession.write`. */
  write(id: StreamId, bytes: Uint8Array): number {
    const stream = this.streams.get(id);
    if (stream === undefined || stream.ending || stream.peerEnded) return 0;
    const sessionRoom = sessionWriteBytesMax - this.#outgoingBytes;
    const taken = Math.min(bytes.length, streamWriteBytesMax - stream.outgoing.length, sessionRoom);
    if (taken < bytes.length) {
      stream.wantsRoom = true;
      if (taken === sessionRoom) this.#short = true;
    }
    if (taken > 0) {
      stream.outgoing.push(taken === bytes.length ? bytes : bytes.subarray(0, taken));
      this.#outgoingBytes += taken;
    }
    return taken;
  }

  /** Moves bytes of a stream into a payload and tells waiting writers of the room. */
  moveOut(stream: PortStream, target: Uint8Array, at: number, room: number): number {
    const moved = stream.outgoing.moveTo(target, at, room);
    this.#outgoingBytes -= moved;
    this.bytesSent += moved;
    if (stream.wantsRoom && stream.outgoing.length <= streamWriteBytesMax / 2) this.#tellRoom(stream);
    if (this.#short && this.#outgoingBytes <= sessionWriteBytesMax / 2) {
      this.#short = false;
      for (const other of this.streams.values()) if (other.wantsRoom) this.#tellRoom(other);
    }
    return moved;
  }

  #tellRoom(stream: PortStream): void {
    if (stream.ending || stream.peerEnded) return;
    stream.wantsRoom = false;
    this.#host.writable(stream.id);
  }

  /** Delivers bytes, or keeps them for a paused reader. */
  deliver(stream: PortStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (!stream.readPaused && stream.incoming.length === 0) {
      this.bytesReceived += bytes.length;
      this.#host.data(stream.id, bytes);
      return;
    }
    stream.incoming.push(bytes);
    this.#incomingBytes += bytes.length;
    this.#judgePressure();
  }

  /** Messages that carry stream data must be refused until readers catch up. */
  get full(): boolean {
    return this.#incomingBytes >= readBufferBytesMax;
  }

  pauseReading(id: StreamId): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) stream.readPaused = true;
  }

  /** Delivers what was kept, until the reader pauses again; then the end, if the peer closed meanwhile. */
  resumeReading(id: StreamId): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    stream.readPaused = false;
    while (!stream.readPaused && this.streams.get(id) === stream) {
      const bytes = stream.incoming.shift();
      if (bytes === undefined) break;
      this.#incomingBytes -= bytes.length;
      this.bytesReceived += bytes.length;
      this.#host.data(id, bytes);
    }
    this.#judgePressure();
    if (stream.peerEnded) this.peerEnd(stream);
  }

  /** The peer closed: nothing more is sent, what is kept is still delivered. True when the stream is over now. */
  peerEnd(stream: PortStream): boolean {
    stream.peerEnded = true;
    this.discardOutgoing(stream);
    if (stream.incoming.length > 0 || this.streams.get(stream.id) !== stream) return false;
    this.remove(stream);
    this.#host.end(stream.id);
    return true;
  }

  discardOutgoing(stream: PortStream): void {
    this.#outgoingBytes -= stream.outgoing.length;
    stream.outgoing.clear();
  }

  /** Forgets a stream and its buffers. */
  remove(stream: PortStream): void {
    if (this.streams.get(stream.id) !== stream) return;
    this.streams.delete(stream.id);
    this.discardOutgoing(stream);
    this.#incomingBytes -= stream.incoming.length;
    stream.incoming.clear();
    this.#judgePressure();
  }

  #judgePressure(): void {
    if (!this.#pressing && this.#incomingBytes >= readPressureBytes) {
      this.#pressing = true;
      this.#host.readPressure(true);
    } else if (this.#pressing && this.#incomingBytes <= readPressureBytes / 2) {
      this.#pressing = false;
      this.#host.readPressure(false);
    }
  }
}
