import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { metricsAddress, serveMetrics, type MeasuredTunnel, type MetricsEndpoint } from './endpoint.ts';

const tunnel: MeasuredTunnel = {
  name: 'prod-rds',
  state: 'open',
  endsAt: '2026-01-01T01:00:00.000Z',
  bytesUp: 10,
  bytesDown: 2048,
  rttMs: 12,
  flows: 3,
  sessions: [{ retransmitted: 2 }, { retransmitted: 5 }],
  reconnects: { service_close: 2, peer_dead: 1 },
};
let endpoint: MetricsEndpoint;
let admitted: boolean;

beforeEach(async () => {
  admitted = true;
  endpoint = await serveMetrics(
    { host: '127.0.0.1', port: 0 },
    () => [tunnel],
    () => Date.parse('2026-01-01T00:00:00.000Z'),
    async () => admitted,
  );
});
afterEach(() => endpoint.close());

it('d5: tells sessions, reconnects by reason, bytes, open streams, RTT and retransmissions, by resource alone', async () => {
  const answer = await fetch(endpoint.url);
  const text = await answer.text();
  expect(answer.headers.get('content-type')).toContain('text/plain');
  for (const line of [
    'sallyport_tunnel_up{resource="prod-rds"} 1',
    'sallyport_tunnel_sessions{resource="prod-rds"} 2',
    'sallyport_tunnel_reconnects_total{resource="prod-rds",reason="service_close"} 2',
    'sallyport_tunnel_reconnects_total{resource="prod-rds",reason="peer_dead"} 1',
    'sallyport_tunnel_bytes_total{resource="prod-rds",direction="down"} 2048',
    'sallyport_tunnel_open_streams{resource="prod-rds"} 3',
    'sallyport_tunnel_rtt_seconds{resource="prod-rds"} 0.012',
    'sallyport_tunnel_retransmissions_total{resource="prod-rds"} 7',
    'sallyport_tunnel_grant_seconds_left{resource="prod-rds"} 3600',
  ])
    expect(text).toContain(line);
  const labels = new Set([...text.matchAll(/[{,](\w+)="/gu)].map(([, label]) => label));
  expect([...labels].sort()).toEqual(['direction', 'reason', 'resource']);
});

it('tells nothing to another user of this machine', async () => {
  admitted = false;
  await expect(fetch(endpoint.url)).rejects.toThrow();
});

it('tells nothing to a page that had its name rebound to this machine', async () => {
  const status = await new Promise((resolve, reject) => {
    const { port } = new URL(endpoint.url);
    request({ host: '127.0.0.1', port, path: '/metrics', headers: { host: 'evil.example' } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(421);
});

it.each([
  ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
  ['localhost:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:9464', { host: '::1', port: 9464 }],
])('takes %s', (text, address) => {
  expect(metricsAddress(text)).toEqual(address);
});

it.each(['9464', '127.0.0.1', 'example.com:9464', '127.0.0.1:70000', ''])('refuses %j', (text) => {
  expect(() => metricsAddress(text)).toThrow(
    expect.objectContaining({ code: 'LOCAL_ADDRESS_INVALID' }) as Error,
  );
});
