import { Problem } from '@sallyport/problems';
import type { OpenReach, ReachWish } from './system.ts';

/** The way into a network that the lease names. */
export async function openReach({ lease }: ReachWish): Promise<OpenReach> {
  throw new Problem('AGENT_UNREACHABLE', { detail: `The way ${lease.way} is not built yet.` });
}
