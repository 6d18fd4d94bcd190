import { Problem } from '@sallyport/problems';
import type { Lease } from './control-plane.ts';
import { checkStreamUrl, type Endpoint, type EndpointRules } from './endpoint.ts';
import { signUpgrade } from './sign-upgrade.ts';
import type { StartedSession } from './ssm-sessions.ts';
import type { Connection, ConnectionSink } from './transport.ts';
import type { TunnelPorts } from './tunnel-options.ts';

/** A WebSocket that does not open within this does not: its way may be a proxy that never answers. */
const openWithinMs = 20_000;

/** What joins a WebSocket: the channel of a port or of a shell. */
interface Joining {
  sink(): ConnectionSink;
  attach(connection: Connection, token: string): void;
}

/** Opens the WebSocket of a session that was started or resumed, signed with the lease, and joins it to the channel. */
export async function attachChannel(
  { transport, effects, debug }: Pick<TunnelPorts, 'transport' | 'effects' | 'debug'>,
  channel: Joining,
  {
    lease,
    started,
    at,
  }: {
    readonly lease: Lease;
    readonly started: StartedSession;
    readonly at: { readonly endpoint: Endpoint; readonly rules: EndpointRules };
  },
  signal: AbortSignal,
): Promise<void> {
  const url = checkStreamUrl(started.streamUrl, started.sessionId, at.endpoint, at.rules);
  const headers = await signUpgrade(url, lease, new Date(effects.clock.now()));
  debug('gateway', { host: url.host, signed: Object.keys(headers).length > 0 });
  const late = new AbortController();
  const patience = effects.timers.after(openWithinMs, () => late.abort(new Problem('SSM_UNREACHABLE')));
  const either = AbortSignal.any([signal, late.signal]);
  const connection = await transport
    .open(url, headers, channel.sink(), either)
    .finally(() => effects.timers.cancel(patience));
  if (signal.aborted) {
    connection.cut();
    throw signal.reason as Error;
  }
  channel.attach(connection, started.token);
}
