import { setFlagsFromString } from 'node:v8';

let done = false;

/**
 * Sets the engine of this process up for passing bytes on, for the router and the agent (ADR 145, 146). Only what may be changed in a process that runs, because it
 * is asked each time; an engine that knows a setting no more goes on without it.
 *
 * Young garbage is collected by the thread that made it: little of it survives, and four threads that are woken for it cost more than they help. And what runs once
 * for each connection is compiled well after some sixty of them, and best after some hundreds: most tunnels never see thousands.
 */
export function prepareForRelaying(): void {
  if (done) return;
  done = true;
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--invocation-count-for-maglev=60');
  setFlagsFromString('--minimum-invocations-after-ic-update=50');
  setFlagsFromString('--invocation-count-for-turbofan=250');
}
