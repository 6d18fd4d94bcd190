import type { WireReason } from '../errors.ts';
import type { StreamId } from './contract.ts';

/** How the streams of a port session travel in its Output payloads: multiplexed, or one at a time as raw bytes. */
export interface Carrier {
  /** A new local connection (client only); undefined when there may be no more. */
  open(): StreamId | undefined;
  /** Close after what was written. */
  end(stream: StreamId): void;
  /** Close at once. */
  abort(stream: StreamId): void;
  /** Something was written to a stream. */
  written(stream: StreamId): void;
  /** Takes an Output payload. A reason means that the session is broken beyond repair. */
  receive(payload: Uint8Array): WireReason | undefined;
  /** Writes the next payload bytes; returns how many. */
  fill(target: Uint8Array, at: number, room: number): number;
  /** Something is waiting for `fill`. */
  readonly pending: boolean;
  /** Starts and answers keep-alives where versions ask for them. */
  readonly keepAliveAt: number | undefined;
  /** False when the peer has been silent for too long. While we are `deaf` its silence is our own. */
  keepAlive(now: number, deaf: boolean): boolean;
}

/** What a carrier tells the session, besides the table's callbacks. */
export interface CarrierHost {
  /** The peer opened a stream (agent's role): dial. */
  opened(stream: StreamId): void;
  /** There is something to send. */
  outgoing(): void;
  discarded(reason: WireReason): void;
}
