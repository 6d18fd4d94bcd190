import { afterEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '@sallyport/problems';
import { refusalsRecordedPerMinute } from './limits.ts';
import { aGateway, aNetwork, openTcp } from './testing/index.ts';

const gateways: { agent: { close(): Promise<void> } }[] = [];
afterEach(() => Promise.all(gateways.splice(0).map(({ agent }) => agent.close())));

async function gatewayOf(network: ReturnType<typeof aNetwork>) {
  const gateway = await aGateway({ network });
  gateways.push(gateway);
  return gateway;
}

const when = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });
const turn = () => new Promise((next) => setImmediate(next));

/** A network where nothing answers: what is asked of it goes on until nobody wants it any more, or beyond that when it is `deaf`. */
function silentNetwork(deaf = false) {
  const seen = { now: 0, most: 0, asked: 0, settle: [] as (() => void)[], dialled: [] as string[] };
  const waiting = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      seen.asked += 1;
      seen.most = Math.max(seen.most, (seen.now += 1));
      const settle = () => {
        seen.now -= 1;
        reject(new Problem('FLOW_UNREACHABLE'));
      };
      if (deaf) seen.settle.push(settle);
      else signal.addEventListener('abort', settle, { once: true });
    });
  const network = aNetwork({
    dialTcp: (address, _port, signal) => {
      seen.dialled.push(address);
      return waiting(signal);
    },
    resolve: (_name, _type, signal) => waiting(signal),
    openUdp: (address) => {
      seen.dialled.push(address);
      return { send: () => undefined, close: () => undefined };
    },
  });
  return { network, seen };
}

type Link = Awaited<ReturnType<Awaited<ReturnType<typeof aGateway>>['client']>>['link'];
const nobody = { datagram: () => undefined, ended: () => undefined };

/** Asks for conversations and takes each back, once the agent has heard of it. */
async function askAndLeave(
  link: Link,
  host: string,
  count: number,
  proto: 'tcp' | 'udp',
  heard: () => number,
) {
  for (let n = 0; n < count; n += 1) {
    const before = heard();
    const leave =
      proto === 'tcp'
        ? (
            ({ stream }) =>
            () =>
              stream.reset()
          )(openTcp(link, host, 80))
        : (
            (flow) => () =>
              flow.close()
          )(link.openUdp({ host, port: 53 }, nobody));
    for (let turns = 0; turns < 50 && heard() === before; turns += 1) await turn();
    leave();
  }
}

describe('a conversation that its client leaves before it stands', () => {
  it.each([
    ['an address by TCP', '10.20.0.5', 'tcp'],
    ['a name by TCP', 'db.internal', 'tcp'],
    ['a name by UDP', 'db.internal', 'udp'],
  ] as const)('%s: nothing of it goes on', async (_what, host, proto) => {
    const { network, seen } = silentNetwork();
    const { client } = await gatewayOf(network);
    const { link, up } = await client({ max_streams: 8 });
    await up;
    await askAndLeave(link, host, 100, proto, () => seen.asked);
    expect(seen.asked).toBeGreaterThanOrEqual(100);
    await when(() => expect(seen.now).toBe(0));
    // A name is asked for by two questions.
    expect(seen.most).toBeLessThanOrEqual(2 * 8);
    if (proto === 'udp' || host === 'db.internal') expect(seen.dialled).toEqual([]);
  });

  it('counts until its dial is over, where that cannot be broken off', async () => {
    const { network, seen } = silentNetwork(true);
    const { client } = await gatewayOf(network);
    const { link, up } = await client({ max_streams: 2 });
    await up;
    await askAndLeave(link, '10.20.0.5', 2, 'tcp', () => seen.asked);
    await expect(openTcp(link, '10.20.0.5', 80).opened).rejects.toMatchObject({ code: 'FLOW_LIMITED' });
    expect(seen.dialled).toHaveLength(2);
    for (const settle of seen.settle.splice(0)) settle();
    await turn();
    openTcp(link, '10.20.0.5', 80);
    await when(() => expect(seen.dialled).toHaveLength(3));
    for (const settle of seen.settle) settle();
  });

  it('that asked for a name is recorded with the name and without an address, and none is dialled later', async () => {
    const answer = Promise.withResolvers<void>();
    const dialled: string[] = [];
    const asked = vi.fn();
    const network = aNetwork({
      resolve: async () => {
        asked();
        await answer.promise;
        return { code: 'NOERROR', addresses: ['10.20.0.7'], ttlSeconds: 60 };
      },
      dialTcp: (address) => {
        dialled.push(address);
        return Promise.reject(new Problem('FLOW_REFUSED'));
      },
    });
    const { client, records } = await gatewayOf(network);
    const { link, up } = await client();
    await up;
    const flow = openTcp(link, 'db.internal', 80);
    await when(() => expect(asked).toHaveBeenCalled());
    flow.stream.reset();
    await when(() =>
      expect(records).toMatchObject([{ name: 'db.internal', destination: '-', end: 'client' }]),
    );
    answer.resolve();
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(dialled).toEqual([]);
  });
});

describe('records of what never stood', () => {
  it('are bounded for each grant, over all its links, as refusals are', async () => {
    const { network, seen } = silentNetwork();
    const { client, records } = await gatewayOf(network);
    const other = await client({ sub: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z' });
    for (const { link, up } of [await client(), await client()]) {
      await up;
      await askAndLeave(link, '10.20.0.5', refusalsRecordedPerMinute, 'tcp', () => seen.asked);
    }
    await when(() => expect(seen.now).toBe(0));
    expect(records).toHaveLength(refusalsRecordedPerMinute);
    await expect(openTcp(other.link, '10.99.0.1', 80).opened).rejects.toMatchObject({
      code: 'FLOW_NOT_GRANTED',
    });
    await when(() => expect(records).toHaveLength(refusalsRecordedPerMinute + 1));
  });
});
