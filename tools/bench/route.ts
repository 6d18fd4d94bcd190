import type { ChildProcess } from 'node:child_process';
import { generateKeyPair } from '@sallyport/grant-token';
import { mayMakeNamespaces } from '../../e2e/harness/namespaces.ts';
import {
  atMostFigure,
  median,
  pairedAtMostFigure,
  pairedRateFigure,
  rateFigure,
  type Bench,
  type Figure,
} from './figure.ts';
import { relayed } from './route-relay.ts';
import { stripeFigures } from './route-stripe.ts';
import { addresses, end, listening, network, ports, RouteWorld } from './route-world.ts';

/** As long as iperf3 itself takes when nobody says otherwise. */
const seconds = 10;
/** Odd, for a middle. */
const rounds = { wire: 5, slowLink: 3 } as const;
const echoes = 200;
/** Connections before those that count, the same for all: a tunnel is measured as it runs, not as it is being compiled. */
const warm = 500;
const echoesUnderBulk = 30;
const agentId = 'agt_bench';
const issuer = 'https://sallyport.bench';
const slowLink = { delayMs: 20, mbitPerSecond: 100 };

/** Both directions of one stream, the mean in Gbit/s. */
async function bothWays(world: RouteWorld, to?: string): Promise<number> {
  return ((await world.throughput(seconds, [], to)) + (await world.throughput(seconds, ['-R'], to))) / 2;
}

async function withSshuttle<T>(world: RouteWorld, measure: () => Promise<T>): Promise<T> {
  const ssh = ['ssh', ...world.sshOptions].join(' ');
  const args = [
    '--method',
    'nft',
    '--no-latency-control',
    '-v',
    '-e',
    ssh,
    '-r',
    `root@${addresses.gateway}`,
    network,
  ];
  const child = world.laptop.spawn('sshuttle', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)));
  try {
    // Its last step before it carries anything is the rule that redirects the network.
    while (!(await world.laptop.ask('nft', ['list', 'ruleset'])).includes(`daddr ${network}`)) {
      if (child.exitCode !== null) throw new Error(`sshuttle ended: ${said}`);
      await new Promise((next) => setTimeout(next, 50));
    }
    return await measure();
  } finally {
    await end(child);
  }
}

async function withForward<T>(world: RouteWorld, measure: (port: number) => Promise<T>): Promise<T> {
  const port = 7100;
  const forward = ['-N', '-L', `${port}:${addresses.server}:${ports.echo}`, `root@${addresses.gateway}`];
  const child = world.laptop.spawn('ssh', [...world.sshOptions, ...forward]);
  await listening(world.laptop, child, port);
  try {
    return await measure(port);
  } finally {
    await end(child);
  }
}

/** The product: agent on the gateway, router on the laptop. */
async function withRoute<T>(world: RouteWorld, measure: () => Promise<T>): Promise<T> {
  const { privateKey, publicKey } = await generateKeyPair();
  const children: ChildProcess[] = [];
  try {
    const at = { address: addresses.gateway, port: ports.agent };
    children.push(
      await world.startNode(world.gateway, 'route-agent.ts', { ...at, agentId, issuer, key: publicKey }),
    );
    const agent = { ...at, id: agentId };
    children.push(
      await world.startNode(world.laptop, 'route-client.ts', {
        agent,
        issuer,
        privateKey,
        network,
      }),
    );
    return await measure();
  } finally {
    for (const child of children.reverse()) await end(child);
  }
}

/** What one round measured: Gbit/s, milliseconds. */
interface Round {
  readonly direct: number;
  readonly relay: number;
  readonly sshuttle: number;
  readonly route: number;
  readonly sshEcho: number;
  readonly routeEcho: number;
}

/** The bare link before and after the product, which is what it is compared with. */
async function oneRound(world: RouteWorld): Promise<Round> {
  const before = await bothWays(world);
  const sshEcho = await withForward(world, (port) =>
    world.connectEcho(echoes, { to: '127.0.0.1', port, warm }),
  );
  const [routeEcho, route] = await withRoute(world, async () => [
    await world.connectEcho(echoes, { warm }),
    await bothWays(world),
  ]);
  const direct = (before + (await bothWays(world))) / 2;
  const sshuttle = await withSshuttle(world, () => bothWays(world));
  const relay = await relayed(world, (address) => bothWays(world, address));
  return { direct, relay, sshuttle, route, sshEcho, routeEcho };
}

async function onAWire(): Promise<Figure[]> {
  await using world = await RouteWorld.start('wire');
  const measured: Round[] = [];
  for (let round = 0; round < rounds.wire; round += 1) measured.push(await oneRound(world));
  const pairs = (value: keyof Round, baseline: keyof Round) =>
    measured.map((round) => ({ value: round[value], baseline: round[baseline] }));
  return [
    pairedRateFigure('route_over_sshuttle', pairs('route', 'sshuttle'), 'Gbit/s', 15),
    pairedRateFigure('route_over_direct', pairs('route', 'direct'), 'Gbit/s', 0.25),
    // Nothing of ours, and nothing to reach: what two copying programs in C leave of the link.
    pairedRateFigure('relay_floor_over_direct', pairs('relay', 'direct'), 'Gbit/s', 0),
    pairedAtMostFigure('connect_echo_over_ssh', pairs('routeEcho', 'sshEcho'), 'ms', 2),
  ];
}

/** Connections and echoes while one upload fills the link, and what of the upload arrived meanwhile, in Mbit/s. */
async function underBulk(world: RouteWorld): Promise<{ readonly echo: number; readonly bulk: number }> {
  const args = ['-c', addresses.server, '-p', String(ports.bulk), '-t', '120'];
  const bulk = world.laptop.spawn('iperf3', args, { stdio: 'ignore' });
  try {
    // Congestion control finds its rate in the first seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const [begun, before] = [performance.now(), await world.received(ports.bulk)];
    const echo = await world.connectEcho(echoesUnderBulk);
    const [ended, after] = [performance.now(), await world.received(ports.bulk)];
    return { echo, bulk: ((after - before) * 8) / 1000 / (ended - begun) };
  } finally {
    await end(bulk);
  }
}

/** An echo is quick where the bulk beside it is slow: both are told. In turns, since each run of a link that is full is another. */
async function onASlowLink(): Promise<Figure[]> {
  await using world = await RouteWorld.start(slowLink);
  const [direct, route] = [
    [] as Awaited<ReturnType<typeof underBulk>>[],
    [] as Awaited<ReturnType<typeof underBulk>>[],
  ];
  for (let round = 0; round < rounds.slowLink; round += 1) {
    direct.push(await underBulk(world));
    route.push(await withRoute(world, () => underBulk(world)));
  }
  const middle = (all: typeof direct, which: 'echo' | 'bulk') => median(all.map((one) => one[which]));
  return [
    atMostFigure('echo_under_bulk_over_direct', middle(route, 'echo'), 'ms', middle(direct, 'echo'), {
      ratio: 1.2,
    }),
    rateFigure('bulk_during_echo_over_direct', middle(route, 'bulk'), 'Mbit/s', middle(direct, 'bulk'), 0.9),
  ];
}

/** `under-bulk`: those two figures alone. */
export const underBulkAlone: Bench = {
  title:
    'Routed networks: connections and echoes under an upload that fills a slow link, and the upload meanwhile',
  run: onASlowLink,
};

/** Routing into a private network through the companion agent, over plain TCP instead of sessions. */
export const route: Bench = {
  title:
    'Routed networks: one TCP stream, mean of both directions; connect and echo, median; ratios in the middle of five rounds (namespaces, same run); one download over eight sessions',
  run: async () => {
    if (!mayMakeNamespaces)
      throw new Error('this benchmark makes network namespaces and TUN devices: run it as root');
    return [...(await onAWire()), ...(await onASlowLink()), ...(await stripeFigures())];
  },
};
