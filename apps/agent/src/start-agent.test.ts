import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeIds } from '@sallyport/effects';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { systemClock, systemRandom } from '@sallyport/effects/system';
import type { AgentTokenClaims } from '@sallyport/grant-token';
import { aKeyHolder } from '@sallyport/grant-token/testing';
import { Problem } from '@sallyport/problems';
import { aGateway, aNetwork, grantId, openTcp } from './testing/index.ts';
import { dialTcp } from './node/dial-tcp.ts';
import type { ControlPlane } from './ports.ts';

const gateways: { agent: { close(): Promise<void> } }[] = [];
const servers: Server[] = [];

async function gatewayOf(...given: Parameters<typeof aGateway>) {
  const gateway = await aGateway(...given);
  gateways.push(gateway);
  return gateway;
}

/** An address of the network that leads to a server of this test. */
async function serverAt(handle: (socket: import('node:net').Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    handle(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const dialled: string[] = [];
  const network = aNetwork({
    dialTcp: (address, asked, signal) => {
      dialled.push(`${address}:${String(asked)}`);
      return dialTcp('127.0.0.1', port, signal);
    },
  });
  return { network, dialled };
}

afterEach(async () => {
  await Promise.all(gateways.splice(0).map(({ agent }) => agent.close()));
  for (const server of servers.splice(0)) server.close();
});

const when = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

describe('a granted TCP conversation', () => {
  it('carries both directions, ends each on its own, and is recorded once', async () => {
    const { network, dialled } = await serverAt((socket) => {
      let asked = '';
      socket.on('data', (bytes) => (asked += bytes.toString()));
      socket.on('end', () => socket.end(`heard ${asked}`));
    });
    const { client, records } = await gatewayOf({ network });
    const { link, up } = await client();
    await up;
    const flow = openTcp(link, '10.20.0.5', 5432);
    flow.stream.write(Buffer.from('early'));
    await flow.opened;
    flow.stream.write(Buffer.from(' late'));
    flow.stream.end();
    expect(await flow.finished).toBe('end');
    expect(flow.received().toString()).toBe('heard early late');
    expect(dialled).toEqual(['10.20.0.5:5432']);
    await when(() => expect(records).toHaveLength(1));
    expect(records[0]).toMatchObject({
      grantId,
      personId: 'prs_1',
      jti: 'tok_1',
      proto: 'tcp',
      destination: '10.20.0.5',
      port: 5432,
      bytesUp: 10,
      bytesDown: 16,
      end: 'client',
      code: null,
    });
  });

  it('carries ten megabytes each way unchanged, with back-pressure', async () => {
    const { network } = await serverAt((socket) => socket.pipe(socket));
    const { client } = await gatewayOf({ network });
    const { link } = await client();
    const sent = Buffer.alloc(10 * 1024 * 1024, 'sallyport ');
    const flow = openTcp(link, '10.20.0.5', 80);
    await flow.opened;
    flow.stream.write(sent);
    flow.stream.end();
    expect(await flow.finished).toBe('end');
    expect(flow.received().equals(sent)).toBe(true);
  });

  it('is broken at the far side when the client breaks it', async () => {
    const broken = Promise.withResolvers<string>();
    const { network } = await serverAt((socket) => {
      socket.on('error', (error) => broken.resolve((error as NodeJS.ErrnoException).code ?? ''));
    });
    const { client, records } = await gatewayOf({ network });
    const { link } = await client();
    const flow = openTcp(link, '10.20.0.5', 80);
    await flow.opened;
    flow.stream.reset();
    expect(await broken.promise).toBe('ECONNRESET');
    await when(() => expect(records).toMatchObject([{ end: 'client' }]));
  });

  it('stays within the speed that the token gives', async () => {
    const { network } = await serverAt((socket) => socket.end(Buffer.alloc(100_000)));
    const { client } = await gatewayOf({ network });
    const { link } = await client({ max_bps: 800_000 });
    const from = performance.now();
    const flow = openTcp(link, '10.20.0.5', 80);
    expect(await flow.finished).toBe('end');
    // 100 kB at 100 kB/s, of which a quarter of a second and the last chunk are free.
    expect(performance.now() - from).toBeGreaterThan(250);
  });
});

describe('what is refused', () => {
  it.each<[string, string, string]>([
    ['another network', '10.21.0.5', 'FLOW_NOT_GRANTED'],
    ['metadata', '169.254.169.254', 'FLOW_NOT_GRANTED'],
    ['loopback', '127.0.0.1', 'FLOW_NOT_GRANTED'],
    ['the gateway itself', '10.0.2.10', 'FLOW_NOT_GRANTED'],
    ['a name outside the suffixes', 'db.example.com', 'FLOW_NOT_GRANTED'],
    ['a name that is an address in disguise', '0xa9fea9fe', 'FLOW_NOT_GRANTED'],
  ])('%s is not even dialled', async (_, host, code) => {
    const { network, dialled } = await serverAt(() => undefined);
    const { client, records } = await gatewayOf({ network });
    const { link } = await client();
    await expect(openTcp(link, host, 80).opened).rejects.toMatchObject({ code });
    expect(dialled).toEqual([]);
    await when(() => expect(records).toMatchObject([{ end: 'refused', code, bytesUp: 0 }]));
  });

  it.each(['FLOW_REFUSED', 'FLOW_UNREACHABLE', 'FLOW_TIMED_OUT'] as const)(
    '%s of the destination is told as it is',
    async (code) => {
      const network = aNetwork({ dialTcp: () => Promise.reject(new Problem(code)) });
      const { client } = await gatewayOf({ network });
      const { link } = await client();
      await expect(openTcp(link, '10.20.0.5', 80).opened).rejects.toMatchObject({ code });
    },
  );

  it('tells a closed port from an open one', async () => {
    const { network } = await serverAt(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    const { client } = await gatewayOf({ network });
    const { link } = await client();
    await expect(openTcp(link, '10.20.0.5', 80).opened).rejects.toMatchObject({ code: 'FLOW_REFUSED' });
  });

  it('more conversations than the token allows', async () => {
    const { network } = await serverAt(() => undefined);
    const { client } = await gatewayOf({ network });
    const { link, up } = await client({ max_streams: 2 });
    await up;
    await openTcp(link, '10.20.0.1', 80).opened;
    await openTcp(link, '10.20.0.2', 80).opened;
    const third = (async () => openTcp(link, '10.20.0.3', 80).opened)();
    await expect(third).rejects.toMatchObject({ code: 'FLOW_LIMITED' });
  });
});

describe('echoes', () => {
  it('to one address are one conversation of those that the token allows, until they pause', async () => {
    const echoed: string[] = [];
    const network = aNetwork({
      echo: (address, payload) => {
        echoed.push(address);
        return Promise.resolve(payload);
      },
    });
    const { client } = await gatewayOf({ network });
    const { link, up } = await client({ max_streams: 4 });
    await up;
    const signal = AbortSignal.timeout(30_000);
    const sweep = Array.from({ length: 32 }, (_, host) => `10.20.0.${String(host + 1)}`);
    const answers = await Promise.allSettled(sweep.map((host) => link.echo(host, Buffer.from('x'), signal)));
    const limited = answers.filter(({ status }) => status === 'rejected');
    expect(limited).toHaveLength(28);
    for (const answer of limited) expect(answer).toMatchObject({ reason: { code: 'FLOW_LIMITED' } });
    await expect(link.echo(echoed[0] ?? '', Buffer.from('again'), signal)).resolves.toHaveLength(5);
    await expect(openTcp(link, '10.20.0.9', 80).opened).rejects.toMatchObject({ code: 'FLOW_LIMITED' });
  });
});

describe('names', () => {
  const resolving = (...answers: string[][]) => {
    const asked: string[] = [];
    const dialled: string[] = [];
    const network = aNetwork({
      resolve: (name, type) => {
        asked.push(`${type} ${name}`);
        const addresses = type === 'A' ? (answers.shift() ?? []) : [];
        return Promise.resolve({ code: 'NOERROR', addresses, ttlSeconds: 3600 });
      },
      dialTcp: (address) => {
        dialled.push(address);
        return Promise.reject(new Problem('FLOW_REFUSED'));
      },
    });
    return { network, asked, dialled };
  };
  const abort = () => AbortSignal.timeout(30_000);

  it('are answered below the granted suffixes, for a minute at most', async () => {
    const { network } = resolving(['10.20.0.7']);
    const { client } = await gatewayOf({ network });
    const { link } = await client();
    await expect(link.resolve('DB.internal', 'A', abort())).resolves.toEqual({
      code: 'NOERROR',
      addresses: ['10.20.0.7'],
      ttlSeconds: 60,
    });
  });

  it('elsewhere are refused, and the resolver is not asked', async () => {
    const { network, asked } = resolving(['10.20.0.7']);
    const { client } = await gatewayOf({ network });
    const { link } = await client();
    await expect(link.resolve('example.com', 'A', abort())).resolves.toMatchObject({
      code: 'REFUSED',
      addresses: [],
    });
    expect(asked).toEqual([]);
  });

  it('that lead to metadata lead nowhere', async () => {
    const { network } = resolving(['169.254.169.254', '10.20.0.7', '127.0.0.1']);
    const { client } = await gatewayOf({ network });
    const { link } = await client();
    await expect(link.resolve('evil.internal', 'A', abort())).resolves.toMatchObject({
      addresses: ['10.20.0.7'],
    });
  });

  it('are looked up once, so that a resolver which answers otherwise the second time changes nothing', async () => {
    const { network, asked, dialled } = resolving(['10.20.0.7'], ['169.254.169.254']);
    const { client, records } = await gatewayOf({ network });
    const { link } = await client();
    await expect(openTcp(link, 'rebind.internal', 80).opened).rejects.toMatchObject({ code: 'FLOW_REFUSED' });
    expect(dialled).toEqual(['10.20.0.7']);
    expect(asked).toEqual(['A rebind.internal', 'AAAA rebind.internal']);
    await expect(openTcp(link, 'rebind.internal', 80).opened).rejects.toMatchObject({
      code: 'FLOW_UNREACHABLE',
    });
    expect(dialled).toEqual(['10.20.0.7']);
    await when(() =>
      expect(records).toMatchObject([
        { name: 'rebind.internal', destination: '10.20.0.7' },
        { name: 'rebind.internal', destination: '-' },
      ]),
    );
  });

  it('are told in the records of the addresses they led to', async () => {
    const { network } = resolving(['10.20.0.7']);
    const { client, records } = await gatewayOf({ network });
    const { link } = await client();
    await link.resolve('db.internal', 'A', abort());
    await expect(openTcp(link, '10.20.0.7', 80).opened).rejects.toMatchObject({ code: 'FLOW_REFUSED' });
    await when(() => expect(records).toMatchObject([{ name: 'db.internal', destination: '10.20.0.7' }]));
  });
});

describe('datagrams and echoes', () => {
  it('go to the granted destination and come back', async () => {
    const network = aNetwork({
      openUdp: (address, port, received) => ({
        send: (datagram) =>
          received(Buffer.from(`${address}:${String(port)} ${Buffer.from(datagram).toString()}`)),
        close: () => undefined,
      }),
      echo: (_, payload) => Promise.resolve(payload),
    });
    const { client, records, agent } = await gatewayOf({ network });
    const { link, up } = await client();
    await up;
    const answer = Promise.withResolvers<string>();
    const flow = link.openUdp(
      { host: '10.20.0.9', port: 53 },
      { datagram: (bytes) => answer.resolve(Buffer.from(bytes).toString()), ended: () => undefined },
    );
    flow.send(Buffer.from('hello'));
    expect(await answer.promise).toBe('10.20.0.9:53 hello');
    flow.close();
    const signal = AbortSignal.timeout(30_000);
    for (let n = 0; n < 3; n += 1)
      expect(Buffer.from(await link.echo('10.20.0.9', Buffer.from('ping'), signal)).toString()).toBe('ping');
    await expect(link.echo('169.254.169.254', Buffer.from('ping'), signal)).rejects.toMatchObject({
      code: 'FLOW_NOT_GRANTED',
    });
    await agent.close();
    await when(() =>
      expect(records.map(({ proto, bytesUp, end }) => ({ proto, bytesUp, end }))).toEqual([
        { proto: 'udp', bytesUp: 5, end: 'client' },
        { proto: 'icmp', bytesUp: 0, end: 'refused' },
        { proto: 'icmp', bytesUp: 12, end: 'error' },
      ]),
    );
  });

  it('of UDP to a place that is not granted are ended with the reason', async () => {
    const { client } = await gatewayOf();
    const { link, up } = await client();
    await up;
    const ended = Promise.withResolvers<string>();
    link
      .openUdp(
        { host: '10.0.0.2', port: 53 },
        { datagram: () => undefined, ended: (code) => ended.resolve(code) },
      )
      .send(Buffer.from('x'));
    expect(await ended.promise).toBe('FLOW_NOT_GRANTED');
  });
});

describe('a client', () => {
  it.each<[string, Partial<AgentTokenClaims>, string]>([
    ['for another agent', { aud: 'agt_2' }, 'SIGNED_TOKEN_AUDIENCE_WRONG'],
    ['of another control plane', { iss: 'https://elsewhere.test' }, 'SIGNED_TOKEN_ISSUER_WRONG'],
    ['that ran out', { nbf: 1_000, exp: 1_060 }, 'SIGNED_TOKEN_EXPIRED'],
    ['for another key', { cnf: { jkt: 'A'.repeat(43) } }, 'SIGNED_TOKEN_HOLDER_WRONG'],
  ])('with a token %s is refused', async (_, claims, code) => {
    const { client } = await gatewayOf();
    await expect((await client(claims)).up).rejects.toMatchObject({ code });
  });

  it('with a copied token but not its key is refused', async () => {
    const { client, agent } = await gatewayOf();
    const thief = await client({}, { provenBy: await aKeyHolder() });
    await expect(thief.up).rejects.toMatchObject({ code: 'SIGNED_TOKEN_HOLDER_WRONG' });
    expect(agent.clients).toBe(0);
  });

  it('with a token of a stranger is refused', async () => {
    const { client } = await gatewayOf();
    await expect((await client({}, { signedBy: await aKeyHolder() })).up).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
  });
});

describe('revocation', () => {
  let revoke: (grantIds: string[]) => void;
  let controlPlane: ControlPlane;
  beforeEach(() => {
    const heard = Promise.withResolvers<string[]>();
    revoke = heard.resolve;
    let cursor = 0;
    controlPlane = {
      takeFlows: () => Promise.resolve(),
      keySets: () => Promise.resolve([]),
      revocations: async (after, signal) => {
        if (after === null) return { revoked: [], cursor };
        const gone = new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('stopped'))),
        );
        const grantIds = cursor === 0 ? await Promise.race([heard.promise, gone]) : await gone;
        cursor += 1;
        return { revoked: grantIds.map((id) => ({ grantId: id })), cursor };
      },
    };
  });

  it('closes what is open at once, leaves other grants alone, and refuses the grant from then on', async () => {
    const { network } = await serverAt(() => undefined);
    const { client, records, agent } = await gatewayOf({ network, controlPlane });
    const other = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z';
    const [revoked, untouched] = [await client(), await client({ sub: other })];
    const flow = openTcp(revoked.link, '10.20.0.5', 80);
    const stays = openTcp(untouched.link, '10.20.0.5', 80);
    await Promise.all([flow.opened, stays.opened]);
    revoke([grantId]);
    expect(await flow.finished).toBe('REACH_ENDED');
    expect(await revoked.ended).toBe('GRANT_ENDED');
    expect(records).toMatchObject([{ end: 'revoked', grantId }]);
    expect(agent.clients).toBe(1);
    await expect((await client()).up).rejects.toMatchObject({ code: 'GRANT_ENDED' });
    stays.stream.end();
  });
});

describe('a token', () => {
  const virtual = async () => {
    const effects = simulatedEffects();
    // Chance and ids stay real: only time is the test's.
    return { ...effects, random: systemRandom, ids: makeIds(systemClock, systemRandom) };
  };

  /** Lets virtual time go by in steps, so that both ends show life as they would. */
  const pass = async (effects: { time: { advance(ms: number): void } }, ms: number) => {
    for (let gone = 0; gone < ms; gone += 1_000) {
      effects.time.advance(1_000);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('that is renewed keeps conversations; one that is not ends them five seconds after its end', async () => {
    const effects = await virtual();
    const { network } = await serverAt(() => undefined);
    const { client, records, agent } = await gatewayOf({ network, effects });
    const { link, up, token } = await client();
    await up;
    const flow = openTcp(link, '10.20.0.5', 80);
    await flow.opened;
    await pass(effects, 45_000);
    link.renew(await token());
    await when(() => expect(link.tokenEndsAt).toBeGreaterThan(effects.clock.monotonic() + 50_000));
    await pass(effects, 60_000 + 4_000);
    expect(records).toEqual([]);
    await pass(effects, 2_000);
    // The client may come back with a new token; what was open on the agent is gone.
    await when(() => expect(agent.clients).toBe(0));
    expect(records).toMatchObject([{ end: 'expired' }]);
  });

  it('that is narrower breaks what it no longer opens, and leaves the rest', async () => {
    const { network } = await serverAt(() => undefined);
    const { client, records } = await gatewayOf({ network });
    const { link, up, token } = await client();
    await up;
    const [loses, keeps] = [openTcp(link, '10.20.0.5', 80), openTcp(link, '10.20.0.5', 443)];
    await Promise.all([loses.opened, keeps.opened]);
    link.renew(await token({ allow: [{ cidr: '10.20.0.0/24', ports: [[443, 443]], proto: 'tcp' }] }));
    expect(await loses.finished).toBe('FLOW_NOT_GRANTED');
    expect(records).toMatchObject([{ port: 80, end: 'revoked' }]);
    keeps.stream.end();
  });

  it('of another grant does not renew this link', async () => {
    const { network } = await serverAt(() => undefined);
    const { client } = await gatewayOf({ network });
    const { link, up, token, ended } = await client();
    await up;
    link.renew(await token({ sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z' }));
    expect(await ended).toBe('AGENT_TOKEN_REFUSED');
  });
});
