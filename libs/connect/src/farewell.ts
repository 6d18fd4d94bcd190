import type { Lease } from './control-plane.ts';
import { endpointFor, type EndpointRules } from './endpoint.ts';
import type { PortChannel } from './port-channel.ts';
import type { TunnelPorts } from './tunnel-options.ts';

/** How long AWS may take to confirm the end we asked for. */
const confirmedWithinMs = 3_000;
/** How long the agent's flag has to leave before the socket is cut. */
const flagLeavesWithinMs = 100;

export interface Parting {
  readonly lease: Lease;
  readonly sessionId: string;
  readonly channel: PortChannel | undefined;
  readonly rules: EndpointRules;
}

/** Ends the session at AWS: by the agent while the channel is open, and by TerminateSession while the lease is useful. Never fails. */
export async function sayFarewell(
  { ssm, effects, debug }: Pick<TunnelPorts, 'ssm' | 'effects' | 'debug'>,
  { lease, sessionId, channel, rules }: Parting,
): Promise<void> {
  channel?.terminate();
  if (Date.parse(lease.usefulUntil) <= effects.clock.now()) return effects.timers.wait(flagLeavesWithinMs);
  const terminated = ssm.terminate(lease, endpointFor(lease, rules), sessionId).then(
    () => debug('ssm', { call: 'TerminateSession', session: sessionId }),
    (error: unknown) =>
      debug('ssm', { call: 'TerminateSession', failed: (error as { code?: string }).code ?? 'unknown' }),
  );
  const patience = new AbortController();
  await Promise.race([
    terminated,
    effects.timers.wait(confirmedWithinMs, patience.signal).catch(() => undefined),
  ]);
  patience.abort();
}
