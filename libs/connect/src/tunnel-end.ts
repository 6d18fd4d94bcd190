import { ApiProblem, type Grant } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { ClientEnd } from '@sallyport/ssm-protocol';
import type { CloseOrder, CloseReason } from './control-plane.ts';
import { orderOf } from './heartbeat.ts';

/** How a tunnel ended: by our own wish, by order of the control plane, or by a problem. */
export interface TunnelEnd {
  readonly reason: CloseReason;
  readonly order: CloseOrder | null;
  readonly problem: Problem | ApiProblem | null;
}

/** The order to close that an ended grant amounts to; undefined while it is active. */
export function orderOfGrant(
  grant: Pick<Grant, 'state' | 'endReason' | 'endComment'>,
): CloseOrder | undefined {
  if (grant.state !== 'ended') return undefined;
  return { code: 'GRANT_ENDED', reason: grant.endReason ?? 'expired', comment: grant.endComment };
}

/** What the end of a session means for whoever waited for it. */
export function problemOf(end: ClientEnd): Problem {
  if (end.cause === 'channel-closed') return new Problem('SSM_SESSION_GONE');
  if (end.cause === 'handshake-timeout')
    return new Problem('CHANNEL_HANDSHAKE_FAILED', {
      detail: 'The agent on the gateway did not answer in time.',
    });
  if (end.cause === 'unacknowledged' || end.cause === 'keep-alive') return new Problem('CHANNEL_LOST');
  return new Problem('CHANNEL_HANDSHAKE_FAILED', {
    detail: `The agent on the gateway spoke otherwise than agreed (${end.cause}).`,
  });
}

/** Whether a failed attempt to get a session back is the end of the tunnel; undefined means: try again. */
export function endFor(error: unknown, timeIsUp: boolean): TunnelEnd | undefined {
  if (error instanceof ApiProblem && error.kind === 'ended')
    return { reason: 'grant_ended', order: orderOf(error), problem: null };
  if (!(error instanceof Problem || error instanceof ApiProblem))
    return { reason: 'error', order: null, problem: new Problem('INTERNAL_ERROR', { cause: error }) };
  const passing = error.kind === 'unavailable' || error.kind === 'limited';
  if (!passing) return { reason: 'error', order: null, problem: error };
  return timeIsUp
    ? { reason: 'network', order: null, problem: new Problem('CHANNEL_LOST', { cause: error }) }
    : undefined;
}
