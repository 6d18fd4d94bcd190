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

/** The end of a tunnel that was ordered to close. */
export function endByOrder(order: CloseOrder): TunnelEnd {
  return { reason: order.reason === 'revoked' ? 'revoked' : 'grant_ended', order, problem: null };
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

/** What AWS or this machine may answer once or twice for a passing reason (rights spread slowly, clocks are set after sleep). */
const suspicious = new Set<string>(['SSM_SESSION_REFUSED', 'LOCAL_CLOCK_WRONG']);
const suspiciousInARowMax = 3;

/**
 * Whether a failed attempt to get a session back is the end of the tunnel; undefined means: try again. `inARow` counts the same code's failures
 * in a row, this one included.
 */
export function endFor(error: unknown, inARow: number): TunnelEnd | undefined {
  if (error instanceof ApiProblem && error.kind === 'ended') return endByOrder(orderOf(error));
  if (!(error instanceof Problem || error instanceof ApiProblem))
    return { reason: 'error', order: null, problem: new Problem('INTERNAL_ERROR', { cause: error }) };
  if (error.kind === 'unavailable' || error.kind === 'limited') return undefined;
  // A fault of the control plane passes, as a restart of it does.
  if (error instanceof ApiProblem && error.kind === 'bug') return undefined;
  // A laptop meets other proxies on its way, and the same one before and after somebody signed in to it.
  if (error.code === 'PROXY_REFUSED') return undefined;
  if (suspicious.has(error.code) && inARow < suspiciousInARowMax) return undefined;
  return { reason: 'error', order: null, problem: error };
}
