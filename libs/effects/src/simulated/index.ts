/** A world that is replayed from a seed: virtual time that jumps, chance from one generator. For tests only. */
import { makeIds } from '../ids.ts';
import { noLog, type Log } from '../log.ts';
import type { Clock } from '../clock.ts';
import type { Effects } from '../effects.ts';
import type { Random } from '../random.ts';
import type { Timers } from '../timers.ts';

interface Due {
  at: number;
  order: number;
  run: () => void;
  everyMs?: number;
}

/** Virtual clock and timers: nothing happens until {@link SimulatedTime.advance} is called. */
export class SimulatedTime implements Clock, Timers {
  #now: number;
  readonly #start: number;
  #order = 0;
  #due = new Set<Due>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
    this.#start = startMs;
  }
  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now - this.#start;
  }
  after(ms: number, run: () => void): Due {
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#due.add(due);
    return due;
  }
  every(ms: number, run: () => void): Due {
    const due = this.after(ms, run);
    due.everyMs = Math.max(1, ms);
    return due;
  }
  cancel(timer: object): void {
    this.#due.delete(timer as Due);
  }
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const due = this.after(ms, resolve);
      signal?.addEventListener('abort', () => (this.cancel(due), reject(signal.reason as Error)), {
        once: true,
      });
    });
  }
  /** Time of the next timer, or undefined when none is set. */
  nextAt(): number | undefined {
    return this.#first()?.at;
  }
  /** How many timers are set. */
  get pending(): number {
    return this.#due.size;
  }
  /** Runs every timer that falls due within `ms`, in order, without letting promises settle in between. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let due = this.#first(); due && due.at <= until; due = this.#first()) this.#fire(due);
    this.#now = until;
  }
  /** As {@link advance}, but lets promises settle before and after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let due = this.#first(); due && due.at <= until; due = this.#first()) {
      this.#fire(due);
      await settle();
    }
    this.#now = until;
  }
  #fire(due: Due): void {
    this.#now = Math.max(this.#now, due.at);
    if (due.everyMs === undefined) this.#due.delete(due);
    else due.at += due.everyMs;
    due.run();
  }
  #first(): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due)
      if (!first || due.at < first.at || (due.at === first.at && due.order < first.order)) first = due;
    return first;
  }
}

/** Lets every promise that can settle without a timer settle. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Chance from a 32-bit seed (mulberry32): same seed, same world. Never for secrets. */
export class SeededRandom implements Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256));
  }
  uuid(): string {
    const b = this.bytes(16);
    b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
    b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
    const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}

/** Effects of a simulated world; `time` is the handle that moves it. */
export function simulatedEffects(
  options: { seed?: number; startMs?: number; log?: Log } = {},
): Effects & { readonly time: SimulatedTime } {
  const time = new SimulatedTime(options.startMs);
  const random = new SeededRandom(options.seed ?? 1);
  return { clock: time, timers: time, random, ids: makeIds(time, random), log: options.log ?? noLog, time };
}
