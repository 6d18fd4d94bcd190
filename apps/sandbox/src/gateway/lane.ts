import type { Effects, TimerHandle } from '@sallyport/effects';
import { limits } from '../limits.ts';
import type { ChannelEnd } from './channel-end.ts';
import type { DirectionFaults } from './faults.ts';

/** Reordered and delayed frames are let go at the latest after this time, so that the last frame does not stay behind. */
const reorderMs = 40;

/**
 * One direction of a relay. Frames go through unchanged; they are held while the receiver is away or while the
 * lane is held back, within bounds, and suffer the faults that tests ask for.
 */
export class Lane {
  readonly #effects: Effects;
  readonly #faults: () => DirectionFaults;
  readonly #onRoom: () => void;
  #to: ChannelEnd | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #swap: Uint8Array | undefined;
  #heldBack = false;
  #freeAt = 0;
  #timers = new Set<TimerHandle>();

  /** `onRoom` is called when a lane that was {@link full} has room again. */
  constructor(effects: Effects, faults: () => DirectionFaults, onRoom: () => void) {
    this.#effects = effects;
    this.#faults = faults;
    this.#onRoom = onRoom;
  }

  /** Connects the receiver, or takes it away. */
  connect(to: ChannelEnd | undefined): void {
    this.#to = to;
    if (to !== undefined) this.#release();
  }

  /** True while the sender should wait. */
  get full(): boolean {
    return this.#heldBytes > limits.heldBytesMax / 2 || this.#to?.full === true;
  }

  /** Takes a frame from the sender. */
  push(frame: Uint8Array): void {
    const faults = this.#faults();
    if (this.#chance(faults.dropPercent)) return;
    if (this.#chance(faults.duplicatePercent)) this.#pass(frame, faults);
    if (this.#swap !== undefined) {
      const earlier = this.#swap;
      this.#swap = undefined;
      this.#pass(frame, faults);
      this.#pass(earlier, faults);
    } else if (this.#chance(faults.reorderPercent)) {
      this.#swap = frame;
      this.#later(reorderMs, () => this.#letSwapGo(frame));
    } else if (this.#chance(faults.delayPercent))
      this.#later(faults.delayMs, () => this.#pass(frame, faults));
    else this.#pass(frame, faults);
  }

  /** Sends past everything: what is held goes first, then this. Faults do not touch it. */
  last(frame: Uint8Array): void {
    this.#heldBack = false;
    this.#freeAt = 0;
    this.#release();
    this.#to?.frame(frame);
  }

  /** Sends to the receiver ahead of held frames, when there is a receiver. For messages of the gateway itself. */
  notice(frame: Uint8Array): void {
    this.#to?.frame(frame);
  }

  /** Keeps every frame from now on for `ms`. */
  holdBack(ms: number): void {
    this.#heldBack = true;
    this.#later(ms, () => {
      this.#heldBack = false;
      this.#release();
    });
  }

  /** Forgets everything and stops its timers. */
  dispose(): void {
    for (const timer of this.#timers) this.#effects.timers.cancel(timer);
    this.#timers.clear();
    this.#held = [];
    this.#heldBytes = 0;
    this.#swap = undefined;
    this.#to = undefined;
  }

  #letSwapGo(frame: Uint8Array): void {
    if (this.#swap !== frame) return;
    this.#swap = undefined;
    this.#pass(frame, this.#faults());
  }

  #pass(frame: Uint8Array, { bytesPerSecond }: DirectionFaults): void {
    const now = this.#effects.clock.monotonic();
    if (bytesPerSecond > 0) {
      this.#freeAt = Math.max(now, this.#freeAt) + (frame.length / bytesPerSecond) * 1000;
      if (this.#freeAt > now + 1) {
        this.#keep(frame);
        this.#later(this.#freeAt - now, () => this.#release());
        return;
      }
    }
    if (this.#to === undefined || this.#held.length > 0 || this.#heldBack) this.#keep(frame);
    else this.#to.frame(frame);
  }

  #keep(frame: Uint8Array): void {
    // Beyond the bounds a frame is lost: stream data is sent again, and an acknowledgement is repeated on request.
    if (this.#held.length >= limits.heldFramesMax || this.#heldBytes + frame.length > limits.heldBytesMax)
      return;
    this.#held.push(frame);
    this.#heldBytes += frame.length;
  }

  #release(): void {
    if (this.#to === undefined || this.#heldBack) return;
    const { bytesPerSecond } = this.#faults();
    const now = this.#effects.clock.monotonic();
    const wasFull = this.full;
    // With a limited rate each frame has its own timer; what is due by now goes.
    const due = bytesPerSecond > 0 && this.#freeAt > now + 1 ? 1 : this.#held.length;
    for (const frame of this.#held.splice(0, due)) {
      this.#heldBytes -= frame.length;
      this.#to.frame(frame);
    }
    if (wasFull && !this.full) this.#onRoom();
  }

  #later(ms: number, run: () => void): void {
    const timer = this.#effects.timers.after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }

  #chance(percent: number): boolean {
    return percent > 0 && this.#effects.random.fraction() * 100 < percent;
  }
}
