/**
 * The ports through which the product touches time and chance. Code that decides or retries takes an
 * {@link Effects}; only `@sallyport/effects/system` and `/simulated` implement it, so every story can be replayed.
 */
export type { Clock } from './clock.ts';
export type { Timers, TimerHandle } from './timers.ts';
export type { Random } from './random.ts';
export { makeIds, type Ids } from './ids.ts';
export { noLog, type Log, type LogFields, type LogLevel } from './log.ts';
export type { Effects } from './effects.ts';
