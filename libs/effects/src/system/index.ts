/** The real world. The only place of the product that reads the system's clock, timers and chance. */
import { randomBytes, randomUUID } from 'node:crypto';
import { makeIds } from '../ids.ts';
import { noLog, type Log } from '../log.ts';
import type { Clock } from '../clock.ts';
import type { Effects } from '../effects.ts';
import type { Random } from '../random.ts';
import type { Timers, TimerHandle } from '../timers.ts';

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Small draws are many, and each call into the system costs more than its bytes: they are cut from a greater one, and no byte is given twice. */
const pool = { bytes: new Uint8Array(), at: 0 };
const poolBytes = 4096;
const smallBytes = 64;

function smallDraw(count: number): Uint8Array {
  if (pool.at + count > pool.bytes.length) {
    pool.bytes = randomBytes(poolBytes);
    pool.at = 0;
  }
  // A copy: `slice` of a Buffer would be a view of what is emptied next.
  const drawn = new Uint8Array(pool.bytes.subarray(pool.at, pool.at + count));
  // What was given is nobody else's business any more.
  pool.bytes.fill(0, pool.at, pool.at + count);
  pool.at += count;
  return drawn;
}

export const systemRandom: Random = {
  bytes: (count) => (count <= smallBytes ? smallDraw(count) : randomBytes(count)),
  fraction: () => Math.random(),
  uuid: () => randomUUID(),
};

type Held = { timer: NodeJS.Timeout };

/** `setTimeout` holds 31 bits; longer waits are made of several. */
const longestTimeoutMs = 2 ** 31 - 1;

function arm(held: Held, ms: number, run: () => void): void {
  const step = Math.min(ms, longestTimeoutMs);
  held.timer = setTimeout(() => (ms > step ? arm(held, ms - step, run) : run()), step);
}

export const systemTimers: Timers = {
  after(ms, run) {
    const held = {} as Held;
    arm(held, Math.max(0, ms), run);
    return held;
  },
  every: (ms, run) => ({ timer: setInterval(run, ms) }) satisfies Held,
  cancel: (timer: TimerHandle) => clearTimeout((timer as Held).timer),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const held = {} as Held;
      const abort = () => {
        clearTimeout(held.timer);
        reject(signal?.reason as Error);
      };
      arm(held, Math.max(0, ms), () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    }),
};

/** One JSON line per entry on standard error, for processes without a logger of their own. */
export function lineLog(write: (line: string) => void, clock: Clock = systemClock): Log {
  return {
    write: (level, message, fields) =>
      write(JSON.stringify({ time: new Date(clock.now()).toISOString(), level, message, ...fields }) + '\n'),
  };
}

/** The real effects, with the given log. */
export function systemEffects(log: Log = noLog): Effects {
  return {
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    ids: makeIds(systemClock, systemRandom),
    log,
  };
}
