import type { LeaseSource } from './lease-source.ts';
import type { SessionDesk } from './session-desk.ts';
import type { SessionPool } from './session-pool.ts';
import type { TunnelPorts } from './tunnel-options.ts';

/** How long AWS may take to confirm the ends we asked for. */
const confirmedWithinMs = 2_500;

export interface Parting {
  readonly pool: SessionPool;
  readonly leases: LeaseSource;
  readonly desk: SessionDesk;
}

/**
 * Ends every session at AWS: by its agent while a channel is open, and by TerminateSession with the lease that is at hand, or a fresh one where that
 * has lapsed. Waits for unanswered StartSession calls too. Never fails, and never takes longer than 2.5 s.
 */
export async function sayFarewell(
  { effects, debug }: Pick<TunnelPorts, 'effects' | 'debug'>,
  { pool, leases, desk }: Parting,
): Promise<void> {
  const patience = new AbortController();
  const sessionIds = pool.depart();
  const terminated = async () => {
    if (sessionIds.length > 0) {
      const lease = await leases.useful(patience.signal);
      for (const sessionId of sessionIds) desk.discard(lease, sessionId);
    }
    // Answers that come only now bring sessions of their own to be ended.
    await desk.settled();
  };
  await Promise.race([
    terminated().catch((error: unknown) =>
      debug('ssm', { call: 'TerminateSession', failed: (error as { code?: string }).code ?? 'unknown' }),
    ),
    effects.timers.wait(confirmedWithinMs, patience.signal).catch(() => undefined),
  ]);
  patience.abort(new Error('said farewell'));
}
