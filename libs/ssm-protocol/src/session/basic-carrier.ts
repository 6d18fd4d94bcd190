import type { WireReason } from '../errors.ts';
import type { Carrier, CarrierHost } from './carrier.ts';
import type { StreamId } from './contract.ts';
import { PortStream, type StreamTable } from './stream-table.ts';

const onlyStream: StreamId = 1;

/**
 * Raw bytes of one connection at a time (specification section 10.4), for old peers and for documents without `type`. There is no
 * marker between two connections, so late bytes of the first can reach the second: a limit of the protocol.
 */
export class BasicCarrier implements Carrier {
  readonly #role: 'client' | 'agent';
  readonly #table: StreamTable;
  readonly #host: CarrierHost;
  /** Our side's stream has ended and all of it was sent. */
  readonly #ended: () => void;
  readonly keepAliveAt = undefined;

  /** `ended` is called when a stream closed by our side has been sent to its last byte. */
  constructor(role: 'client' | 'agent', table: StreamTable, host: CarrierHost, ended: () => void) {
    this.#role = role;
    this.#table = table;
    this.#host = host;
    this.#ended = ended;
    // The client keeps what comes before its first connection, the agent what comes before it has dialled.
    this.#table.add(this.#waiting());
  }

  /** The agent dials when the session starts. */
  start(): void {
    if (this.#role === 'agent') this.#host.opened(onlyStream);
  }

  /** A stream whose bytes are kept: nobody is connected yet. */
  #waiting(): PortStream {
    const stream = new PortStream(onlyStream);
    stream.readPaused = true;
    stream.announce = this.#role === 'client';
    return stream;
  }

  open(): StreamId | undefined {
    const stream = this.#table.streams.get(onlyStream);
    if (stream === undefined || !stream.announce) return undefined;
    stream.announce = false;
    // Still paused: bytes may be waiting, and the caller must learn the id before they are delivered.
    return onlyStream;
  }

  written(): void {
    this.#host.outgoing();
  }

  end(id: StreamId): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined || stream.ending || stream.announce) return;
    stream.ending = true;
    if (stream.outgoing.length === 0) this.#close(stream);
  }

  abort(id: StreamId): void {
    const stream = this.#table.streams.get(id);
    if (stream === undefined || stream.announce) return;
    stream.ending = true;
    this.#close(stream);
  }

  #close(stream: PortStream): void {
    this.#table.remove(stream);
    if (this.#role === 'client') this.#table.add(this.#waiting());
    this.#ended();
  }

  receive(payload: Uint8Array): WireReason | undefined {
    let stream = this.#table.streams.get(onlyStream);
    if (stream === undefined) {
      // The agent's destination had closed: the client's new data asks for a new connection.
      stream = this.#waiting();
      this.#table.add(stream);
      this.#host.opened(onlyStream);
    }
    this.#table.deliver(stream, payload);
    return undefined;
  }

  get pending(): boolean {
    return (this.#table.streams.get(onlyStream)?.outgoing.length ?? 0) > 0;
  }

  fill(target: Uint8Array, at: number, room: number): number {
    const stream = this.#table.streams.get(onlyStream);
    return stream === undefined ? 0 : this.#table.moveOut(stream, target, at, room);
  }

  /** To be called after each `fill` has been sent: a stream that ends is closed behind its last byte. */
  sent(): void {
    const stream = this.#table.streams.get(onlyStream);
    if (stream?.ending === true && stream.outgoing.length === 0) this.#close(stream);
  }

  /** The client's local connection closed (flag 1). */
  peerDisconnected(): void {
    const stream = this.#table.streams.get(onlyStream);
    if (stream !== undefined) this.#table.peerEnd(stream);
  }

  keepAlive(): boolean {
    return true;
  }
}
