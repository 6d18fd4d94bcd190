/** Doubles and devices for tests of the packet side. */
export { directReach, type DirectReachSettings } from './direct-reach.ts';
export { openTun } from './open-tun.ts';
