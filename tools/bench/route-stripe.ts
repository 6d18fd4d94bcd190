/**
 * The part of `route` that goes through the sandbox at the pace of AWS's own agent: one download of `curl` through a TUN device, the product's router and eight
 * sessions to the companion agent, which dials what it is asked for; beside it `curl` over one Port session to the same service.
 */
import { execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { generateKeyPair } from '@sallyport/grant-token';
import { median, rateFigure, type Bench, type Figure } from './figure.ts';
import { addresses, end, network, ready, RouteWorld } from './route-world.ts';
import { openTunnel, startSandbox } from './session-world.ts';

const mebibyte = 1024 * 1024;
const sessions = 8;
const rounds = 3;
const bytesOverOne = 3 * mebibyte;
const bytesOverEight = 16 * mebibyte;
const servicePort = 9000;
/** What is warmed up with until the sessions have come; they come with the load. */
const warmingsMax = 20;
/** As the tunnel of the benchmark, whose lease names no agent, asks its tokens for. */
const agentId = 'agt_bench';
const issuer = 'bench';
const measured = [
  '-sS',
  '-o',
  '/dev/null',
  '--max-time',
  '120',
  '-w',
  '%{http_code} %{size_download} %{time_total}',
];

/** `stripe8_over_1` and `noise_packed_over_plain`. */
export async function stripeFigures(): Promise<readonly Figure[]> {
  await using world = await RouteWorld.start('wire');
  // The laptop has no way to the network but the product's, nor to the gateway.
  await world.laptop.ip('link', 'del', 'up0');
  const service = join(world.keys, 'service.sock');
  await world.startNode(world.server, 'stripe-service.ts', {
    ...{ host: addresses.server, port: servicePort, path: service },
  });
  await using direct = await startSandbox({ paced: true, world: worldWith(service) });
  const one = await openTunnel(direct.child, 1);
  const rates = { one: [] as number[], packed: [] as number[], plain: [] as number[] };
  const single = async () => {
    rates.one.push(await rateOf(bytesOverOne, (args) => run('curl', args), `127.0.0.1:${one.port}`));
  };
  await overEight(world, { packs: true }, async (download) => {
    for (let round = 0; round < rounds; round += 1) {
      await single();
      rates.packed.push(await download());
    }
  });
  await overEight(world, { packs: false }, async (download) => {
    for (let round = 0; round < rounds; round += 1) rates.plain.push(await download());
  });
  await one.close();
  const [packed, plain] = [median(rates.packed), median(rates.plain)];
  return [
    rateFigure('stripe8_over_1', packed, 'MiB/s', median(rates.one), 6),
    // d8: what is encrypted already, and so does not pack, is not slowed by the attempt.
    rateFigure('noise_packed_over_plain', packed, 'MiB/s', plain, 0.9),
  ];
}

/** `stripe`: those figures alone. */
export const stripe: Bench = {
  title:
    'one curl through a device and eight sessions to the companion agent, at the pace of AWS, beside one over one session; bytes that do not pack with and without packing',
  run: stripeFigures,
};

/** Agent, sandbox and client of a routed network, with all sessions there; `measure` is given a download, which tells MiB/s. */
async function overEight(
  world: RouteWorld,
  { packs }: { readonly packs: boolean },
  measure: (download: () => Promise<number>) => Promise<void>,
): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair();
  const path = join(world.keys, `agent-${packs}.sock`);
  const children: ChildProcess[] = [];
  await using sandbox = await startSandbox({ paced: true, world: worldWith(path), at: world.laptop });
  try {
    children.push(
      await world.startNode(world.gateway, 'route-agent.ts', {
        path,
        packs,
        agentId,
        issuer,
        key: publicKey,
      }),
    );
    const client = await clientOf(world, {
      ...{ agent: { id: agentId }, issuer, privateKey, network },
      sandbox: { ready: sandbox.child.ready, sessions },
    });
    children.push(client);
    const download = () =>
      rateOf(
        bytesOverEight,
        (args) => world.laptop.ask('curl', args, { timeout: 130_000 }),
        `${addresses.server}:${servicePort}`,
      );
    for (let left = warmingsMax; (await carriersOf(client)) < sessions; left -= 1) {
      if (left === 0) throw new Error(`only ${await carriersOf(client)} sessions came`);
      await download();
    }
    await measure(download);
  } finally {
    for (const child of children.reverse()) await end(child);
  }
}

/** The client in the laptop's namespace; it can be asked for its carriers. */
async function clientOf({ laptop }: RouteWorld, settings: unknown): Promise<ChildProcess> {
  const program = join(import.meta.dirname, 'route-client.ts');
  const args = ['--conditions=development', program, JSON.stringify(settings)];
  const child = laptop.spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await ready(child);
  return child;
}

async function carriersOf(client: ChildProcess): Promise<number> {
  const said = once(createInterface({ input: client.stdout! }), 'line');
  client.stdin!.write('carriers\n');
  const [line] = (await said) as [string];
  return (JSON.parse(line) as { carriers: number }).carriers;
}

/** MiB/s of one download of `curl`, by its own clock; throws when it was not the whole. */
async function rateOf(
  bytes: number,
  curl: (args: readonly string[]) => Promise<string>,
  at: string,
): Promise<number> {
  const said = await curl([...measured, `http://${at}/${bytes}`]);
  const [status, size, seconds] = said.split(' ').map(Number);
  if (status !== 200 || size !== bytes || !seconds) throw new Error(`curl of ${bytes} bytes said ${said}`);
  return bytes / mebibyte / seconds;
}

async function run(program: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, args)).stdout;
}

/** The sandbox's world with what listens on a Unix socket as its only destination. */
function worldWith(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-world-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const world = join(import.meta.dirname, 'world');
  const text = readFileSync(join(world, 'session.yaml'), 'utf8');
  const pointed = text.replace('{ kind: bulk }', `{ kind: socket, path: ${path} }`);
  if (pointed === text) throw new Error('the world of sessions has another form');
  writeFileSync(join(folder, 'session.yaml'), pointed);
  writeFileSync(join(folder, 'session-catalog.yaml'), readFileSync(join(world, 'session-catalog.yaml')));
  return join(folder, 'session.yaml');
}
