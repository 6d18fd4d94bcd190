import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { awsSsmSessions, endpointFor, type Lease } from '@sallyport/connect';
import { repository } from '../tools/start/installation.ts';
import { drop, dropKinds, planOf, recoveryText, runDrops, type DropKind } from './harness/drops.ts';
import { EchoFlow } from './harness/echo-flow.ts';
import { hurriedEffects } from './harness/hurried-effects.ts';
import { KeptTunnel } from './harness/kept-tunnel.ts';
import { Product } from './harness/product.ts';
import { hasPsql, psql } from './harness/psql.ts';

/** A tunnel is dropped in every way and comes back; the long form is `npm run proof -- drops`. */
const world = join(repository, 'apps/sandbox/test/world');
const seed = Number(process.env['SEED'] ?? 20_261_122);
const patienceMs = 60_000;
let product: Product;
/** Opened first, so that its lease is old when its test begins. */
let aged: KeptTunnel;

beforeAll(async () => {
  product = await Product.start({
    sandboxArgs: ['--world', join(world, 'transfer.yaml')],
    apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
  });
  aged = await KeptTunnel.open(product, 'test-echo');
});
afterAll(async () => {
  await aged?.close();
  await product?.remove();
});

/** Why sessions of the grant lost their connection, as the audit tells it. */
async function lossesRecorded(grantId: string): Promise<unknown[]> {
  const { body } = await product.as('auditor').get(`/audit-events?grant=${grantId}`);
  const events = body.items as { type: string; details: { reason?: unknown } }[];
  return events.filter(({ type }) => type === 'session.reconnecting').map(({ details }) => details.reason);
}

async function kept(
  resource: string,
  options: Parameters<typeof KeptTunnel.open>[2],
  use: (tunnel: KeptTunnel) => Promise<void>,
): Promise<void> {
  const tunnel = await KeptTunnel.open(product, resource, options);
  try {
    await use(tunnel);
  } finally {
    await tunnel.close();
    await product.sandbox.faults({});
  }
}

/** What AWS answers to whoever resumes the session with this lease. */
function refusalOf(lease: Lease, sessionId: string): Promise<unknown> {
  const endpoint = endpointFor(lease, { controlPlane: new URL(product.apiUrl) });
  const { signal } = new AbortController();
  return awsSsmSessions.resume(lease, endpoint, sessionId, signal).then(
    () => 'resumed',
    (error: unknown) => error,
  );
}

it('20 forced drops at random moments are all recovered, and what can live through them does, byte for byte', () =>
  kept('test-echo', {}, async (tunnel) => {
    const plan = planOf(seed, 20);
    const { outcomes, found } = await runDrops(product, tunnel, { plan, seed, patienceMs });
    expect(found).toEqual([]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(plan);
    const refused = plan.filter((kind) => !dropKinds[kind].resumable).length;
    expect(tunnel.told.connectionsLost).toBeGreaterThanOrEqual(refused);
    process.stdout.write(`drops ${outcomes.length} of ${plan.length} recovered, ${recoveryText(outcomes)}\n`);
    for (const kind of Object.keys(dropKinds) as DropKind[])
      process.stdout.write(`  ${kind}: ${recoveryText(outcomes, kind)}\n`);
  }));

it('what a refused tunnel was given is taken back, so that whoever asks again ends when it is done', async () => {
  const servers = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const before = servers();
  const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
  await expect(KeptTunnel.open(product, 'test-echo', { grantId })).rejects.toMatchObject({
    code: 'GRANT_UNKNOWN',
  });
  await vi.waitFor(() => expect(servers()).toBe(before), { timeout: 45_000 });
});

it('hourly close: the service closes with 1000 "Bye", the open connection goes on with a lease asked for after it; AWS takes the first for over', async () => {
  const flow = await EchoFlow.to(aged.tunnel.port);
  expect(await flow.carries(10_000)).toBe(true);
  const [session] = aged.sessions;
  await aged.outliveLease(product);
  try {
    expect(await refusalOf(aged.leases.latest!, session?.ssmSessionId ?? '')).toMatchObject({
      code: 'SSM_SESSION_REFUSED',
    });
    const before = aged.leases.count;
    await drop(product, aged, 'gateway close 1000');
    expect(await flow.answers()).toBe(true);
    expect(aged.leases.count).toBeGreaterThan(before);
  } finally {
    await product.sandbox.resetClock();
  }
  expect(aged.sessions.map(({ ssmSessionId }) => ssmSessionId)).toEqual([session?.ssmSessionId]);
  expect(aged.tunnel.snapshot().reconnects).toHaveProperty('service_close', 1);
  flow.close();
});

describe('d3 reconnect', () => {
  it('a network that is cut for 5 s costs no connection', () =>
    kept('test-echo', {}, async (tunnel) => {
      const flow = await EchoFlow.to(tunnel.tunnel.port);
      expect(await flow.carries(10_000)).toBe(true);
      tunnel.network.cut();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      tunnel.network.mend();
      const mended = performance.now();
      tunnel.machineSays({ what: 'networkChanged' });
      expect(await flow.answers()).toBe(true);
      process.stdout.write(`d3: back ${(performance.now() - mended).toFixed(0)} ms after the network\n`);
      flow.close();
    }));

  it('another network is taken up at once, and a connection opened meanwhile waits for it', () =>
    kept('test-echo', { effects: hurriedEffects(2) }, async (tunnel) => {
      const flow = await EchoFlow.to(tunnel.tunnel.port);
      expect(await flow.carries(10_000)).toBe(true);
      tunnel.network.loseRoutes();
      tunnel.machineSays({ what: 'networkChanged' });
      const meanwhile = await EchoFlow.to(tunnel.tunnel.port);
      expect(await Promise.all([flow.answers(), meanwhile.answers()])).toEqual([true, true]);
      expect(tunnel.tunnel.snapshot().reconnects).toEqual({ network_changed: 1 });
      expect(tunnel.told.recovered).toMatchObject([{ how: 'resumed' }]);
      flow.close();
      meanwhile.close();
    }));

  it('a grant that was revoked during the cut ends the trying', () =>
    kept('test-echo', {}, async (tunnel) => {
      tunnel.network.cut();
      tunnel.network.reset();
      const reason = 'laptop lost';
      await product.as('admin').post(`/grants/${tunnel.grantId}/revoke`, { reason });
      tunnel.network.mend();
      expect(await tunnel.tunnel.ended).toMatchObject({ reason: 'revoked', order: { comment: reason } });
    }));
});

describe('d4 health', () => {
  it('a gateway that swallows everything is found silent by nothing but its silence', () =>
    kept('test-echo', { effects: hurriedEffects(5) }, async (tunnel) => {
      const flow = await EchoFlow.to(tunnel.tunnel.port);
      expect(await flow.carries(10_000)).toBe(true);
      const [session] = tunnel.sessions;
      await product.sandbox.faults({ blackHole: { sessionId: session?.ssmSessionId } });
      const answered = flow.answers();
      await vi.waitFor(() => expect(tunnel.tunnel.snapshot().reconnects).toEqual({ peer_dead: 1 }), {
        timeout: patienceMs,
      });
      await product.sandbox.faults({});
      expect(await answered).toBe(true);
      flow.close();
    }));

  it('a bastion that hangs while its socket stays open is declared dead, with the reason, and another one is taken', () =>
    kept('test-echo', { effects: hurriedEffects(5) }, async (tunnel) => {
      const flow = await EchoFlow.to(tunnel.tunnel.port);
      expect(await flow.carries(10_000)).toBe(true);
      const [hung] = tunnel.sessions;
      await product.sandbox.faults({ hungInstances: [hung?.instanceId] });
      expect(await flow.answers()).toBe(false);
      const again = await EchoFlow.to(tunnel.tunnel.port);
      expect(await again.answers()).toBe(true);
      const [session] = tunnel.sessions;
      expect(session?.instanceId).not.toBe(hung?.instanceId);
      expect(tunnel.told.gateways[0]).toEqual({ from: hung?.instanceId, to: session?.instanceId });
      expect(tunnel.told.connectionsLost).toBe(1);
      expect(tunnel.tunnel.snapshot().reconnects).toHaveProperty('agent_dead');
      // The reason is recorded where an auditor finds it.
      await vi.waitFor(async () => expect(await lossesRecorded(tunnel.grantId)).toContain('agent_dead'), {
        timeout: patienceMs,
      });
      again.close();
    }));
});

describe.skipIf(!hasPsql && process.env.CI !== 'true')(
  'what the protocol can survive, psql survives (needs psql)',
  () => {
    const rows = 300_000;
    /** What the statement prints, made here and not there. */
    function expected(): { bytes: number; sha256: string } {
      const digest = createHash('sha256');
      let bytes = 0;
      for (let n = 1; n <= rows; n++) {
        const line = `${n}\t${createHash('md5').update(String(n)).digest('hex')}\n`;
        digest.update(line);
        bytes += line.length;
      }
      return { bytes, sha256: digest.digest('hex') };
    }
    const cuts: readonly DropKind[] = ['gateway close 1000', 'TCP reset', 'lease expired meanwhile'];

    it('a long query: its rows arrive whole although the connection was cut three times while it ran', () =>
      kept('staging-rds', {}, async (tunnel) => {
        const run = psql(tunnel.tunnel.port, 'shop_staging', [
          "select 'begun'",
          `select case when pg_sleep(4) is null then null else 'slept' end`,
          'select count(*) > 0 from customers',
        ]);
        await run.until('begun\n'.length);
        for (const kind of cuts) {
          tunnel.forgetLosses();
          const recovered = tunnel.told.recovered.length;
          await drop(product, tunnel, kind);
          await vi.waitFor(() => expect(tunnel.told.recovered.length).toBeGreaterThan(recovered), {
            timeout: patienceMs,
          });
        }
        const { code, sha256, stderr } = await run.ended;
        expect(stderr).toBe('');
        expect(code).toBe(0);
        expect(sha256).toBe(createHash('sha256').update('begun\nslept\nt\n').digest('hex'));
        expect(tunnel.told.connectionsLost).toBe(0);
      }));

    it('a bulk COPY of 12 MB: every byte arrives, whatever is cut on its way', () =>
      kept('staging-rds', {}, async (tunnel) => {
        const whole = expected();
        const run = psql(tunnel.tunnel.port, 'shop_staging', [
          `copy (select g, md5(g::text) from generate_series(1, ${rows}) g) to stdout`,
        ]);
        for (const [n, kind] of cuts.entries()) {
          await run.until(Math.floor((whole.bytes / (cuts.length + 1)) * (n + 0.5)));
          tunnel.forgetLosses();
          await drop(product, tunnel, kind);
        }
        const { stderr, ...got } = await run.ended;
        expect(stderr).toBe('');
        expect(got).toEqual({ code: 0, ...whole });
        expect(tunnel.told.connectionsLost).toBe(0);
        expect(tunnel.told.recovered.length).toBeGreaterThan(0);
      }));
  },
);
