import { setFlagsFromString } from 'node:v8';

let done = false;

/**
 * Has this process collect its young garbage by the thread that made it. There is little that survives in a program that passes bytes on, and four threads that are
 * woken for it cost more than they help: a sixth of the time of a routed connection (ADR 145). Only this may be changed in a process that runs; it is asked at
 * each collection.
 */
export function collectAlone(): void {
  if (done) return;
  done = true;
  setFlagsFromString('--no-parallel-scavenge');
}
