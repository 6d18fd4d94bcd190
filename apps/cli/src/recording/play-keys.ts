import type { Readable } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { Interrupted } from '../world.ts';

const [fastest, slowest] = [64, 1 / 8];

/** The time of a replay, and the keys that change it. */
export class PlayKeys {
  readonly #effects: Pick<Effects, 'timers' | 'clock'>;
  #speed: number;
  #paused = false;
  #left = false;
  /** Wakes who waits. */
  #woken = new AbortController();

  constructor(effects: Pick<Effects, 'timers' | 'clock'>, speed: number) {
    this.#effects = effects;
    this.#speed = speed;
  }

  /** Takes keys from here on; returns how to stop. What a terminal answers comes in longer pieces and is nobody's key. */
  listen(from: Readable): () => void {
    const take = (bytes: Buffer) => {
      if (bytes.length === 1) this.#pressed(bytes.toString('latin1'));
    };
    from.on('data', take);
    return () => {
      from.off('data', take);
      from.pause();
    };
  }

  leave(): void {
    this.#left = true;
    this.#wake();
  }

  /** Lets so much time of the recording pass. Refuses with {@link Interrupted} once somebody wants to leave. */
  async wait(ms: number): Promise<void> {
    let left = ms;
    while (!this.#left && (this.#paused || left > 0)) {
      const { clock, timers } = this.#effects;
      const [speed, since] = [this.#paused ? 0 : this.#speed, clock.monotonic()];
      if (speed === Number.POSITIVE_INFINITY) break;
      const { signal } = this.#woken;
      await timers.wait(speed === 0 ? 3_600_000 : left / speed, signal).catch(() => undefined);
      left -= (clock.monotonic() - since) * speed;
    }
    if (this.#left) throw new Interrupted();
  }

  #pressed(key: string): void {
    if (key === 'q' || key === '\u0003' || key === '\u0004') return this.leave();
    if (key === ' ') this.#paused = !this.#paused;
    else if (key === '+' || key === '=') this.#speed = Math.min(this.#speed * 2, fastest);
    else if (key === '-') this.#speed = Math.max(this.#speed / 2, slowest);
    else return;
    this.#wake();
  }

  #wake(): void {
    this.#woken.abort();
    this.#woken = new AbortController();
  }
}
