import { reorderBytesMax, reorderMessagesMax } from '../limits.ts';

/** A stream message kept because an earlier one is missing. */
export interface EarlyMessage {
  readonly payloadType: number;
  readonly payload: Uint8Array;
}

/** What to do with a stream message of a given number. */
export type Placement =
  | 'expected' // take it, acknowledge it, then `advance`
  | 'early' // keep it, acknowledge it
  | 'repeated' // acknowledge it again and forget it: a lost acknowledgement is the peer's only trouble
  | 'beyond'; // neither

/**
 * The receiving half of the reliable channel: the number expected next, and a bounded store of messages that came early.
 * Early payloads are copied, since a view would keep the whole chunk of the socket it lies in alive.
 */
export class ReliableReceiver {
  #expected = 0;
  #early = new Map<number, EarlyMessage>();
  #earlyBytes = 0;

  get expected(): number {
    return this.#expected;
  }

  /** Bytes kept for later. */
  get earlyBytes(): number {
    return this.#earlyBytes;
  }

  /** Judges a number; any float is allowed in. */
  place(sequence: number): Placement {
    if (sequence === this.#expected) return 'expected';
    if (!Number.isSafeInteger(sequence) || sequence < 0) return 'beyond';
    if (sequence < this.#expected) return 'repeated';
    return sequence < this.#expected + reorderMessagesMax ? 'early' : 'beyond';
  }

  /** Keeps a copy of an early message. True when it is kept (or was already), false when there is no room. */
  keep(sequence: number, payloadType: number, payload: Uint8Array): boolean {
    if (this.#early.has(sequence)) return true;
    if (this.#earlyBytes + payload.length > reorderBytesMax) return false;
    this.#early.set(sequence, { payloadType, payload: new Uint8Array(payload) });
    this.#earlyBytes += payload.length;
    return true;
  }

  /** The expected message has been taken: expects the next number. */
  advance(): void {
    this.#expected += 1;
  }

  /** The kept message that is expected now, if there is one; `release` it once it has been taken. */
  peek(): EarlyMessage | undefined {
    return this.#early.size === 0 ? undefined : this.#early.get(this.#expected);
  }

  /** Forgets the kept message that is expected now and expects the next. */
  release(): void {
    const message = this.#early.get(this.#expected);
    if (message !== undefined) {
      this.#early.delete(this.#expected);
      this.#earlyBytes -= message.payload.length;
    }
    this.#expected += 1;
  }
}
