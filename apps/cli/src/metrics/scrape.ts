import { Counter, Gauge, Registry } from 'prom-client';
import type { MeasuredTunnel } from './endpoint.ts';

/** The figures of one moment in Prometheus's text form. Labels: the resource's name, a direction, a reason of our own list. */
export async function scrape(
  tunnels: readonly MeasuredTunnel[],
  now: number,
): Promise<{ type: string; text: string }> {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({
      name: `sallyport_tunnel_${name}`,
      help,
      labelNames: ['resource', ...labelNames],
      registers: [registry],
    });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({
      name: `sallyport_tunnel_${name}`,
      help,
      labelNames: ['resource', ...labelNames],
      registers: [registry],
    });
  const up = gauge('up', '1 while connections are carried.');
  const sessions = gauge('sessions', 'Session Manager sessions that carry the tunnel.');
  const streams = gauge('open_streams', 'Connections that are open through the tunnel.');
  const rtt = gauge('rtt_seconds', 'Round-trip time to the gateway.');
  const left = gauge('grant_seconds_left', 'Time until the grant ends.');
  const bytes = counter('bytes_total', 'Bytes of the person’s own data.', 'direction');
  const reconnects = counter('reconnects_total', 'Connections that were lost and made again.', 'reason');
  const retransmissions = counter('retransmissions_total', 'Messages that were sent again.');
  for (const tunnel of tunnels) {
    const label = { resource: tunnel.name };
    up.set(label, tunnel.state === 'open' ? 1 : 0);
    sessions.set(label, tunnel.sessions.length);
    streams.set(label, tunnel.flows);
    if (tunnel.rttMs !== null) rtt.set(label, tunnel.rttMs / 1000);
    left.set(label, Math.max(0, (Date.parse(tunnel.endsAt) - now) / 1000));
    bytes.inc({ ...label, direction: 'up' }, tunnel.bytesUp);
    bytes.inc({ ...label, direction: 'down' }, tunnel.bytesDown);
    for (const [reason, count] of Object.entries(tunnel.reconnects))
      reconnects.inc({ ...label, reason }, count);
    retransmissions.inc(
      label,
      tunnel.sessions.reduce((sum, { retransmitted }) => sum + retransmitted, 0),
    );
  }
  return { type: registry.contentType, text: await registry.metrics() };
}
