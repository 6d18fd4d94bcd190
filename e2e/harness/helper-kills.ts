import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import type { OpenWish } from '@sallyport/tunnel/helper-messages';
import { numbers } from './crooked-messages.ts';
import { ClientProcess, HelperFiles, networkAgain, networkOf, ordinaryUid } from './helper-world.ts';
import { Namespaces, type Namespace } from './namespaces.ts';

export interface KillRounds {
  readonly rounds: number;
  readonly seed: number;
  progress?(text: string): void;
}

/**
 * Kills the client, the helper or both with SIGKILL at a random moment of opening, standing or changing; then starts what was killed and looks at
 * the machine: no device, route, rule, table, name or process may be left, and a new tunnel must work. Gives what was wrong.
 */
export async function killRounds({ rounds, seed, progress }: KillRounds): Promise<string[]> {
  await using spaces = await Namespaces.make();
  const laptop = await spaces.add();
  const router = await spaces.add();
  const end = (at: Namespace, address: string) => ({ at, device: 'eth0', addresses: [address] });
  await spaces.link(end(laptop, '192.168.7.2/24'), end(router, '192.168.7.1/24'));
  const untouched = await networkOf(laptop);
  const files = await HelperFiles.make();
  const next = numbers(seed);
  const found: string[] = [];
  try {
    let helper = await files.start(laptop);
    let client = await ClientProcess.start(laptop, files, ordinaryUid);
    for (let round = 1; round <= rounds; round += 1) {
      const victim = (['client', 'helper', 'both'] as const)[Math.floor(next() * 3)]!;
      const via = next() < 0.5 ? 'tun' : 'filter';
      const delay = Math.floor(next() ** 2 * 600);
      const what = `round ${round} (seed ${seed}): ${victim} after ${delay} ms, ${via}`;
      progress?.(what);
      const opening = client
        .ask({ open: await wishOf(files, client, via, 'grt_killed') })
        .catch(() => undefined);
      if (next() < 0.4) await opening;
      await new Promise((later) => setTimeout(later, delay));
      if (victim !== 'client') await killed(helper);
      if (victim !== 'helper') await client.kill();
      await opening;
      if (victim !== 'client') helper = await files.start(laptop);
      if (victim !== 'helper') client = await ClientProcess.start(laptop, files, ordinaryUid);
      else await client.ask({ close: null });
      const left = await networkAgain(laptop, untouched);
      if (left !== untouched) found.push(`${what}: left behind:\n${left}`);
      const stray = await strays(laptop, [helper, client.child]);
      if (stray.length > 0) found.push(`${what}: still running: ${stray.join(', ')}`);
      const answer = await client.ask({ open: await wishOf(files, client, via, 'grt_again') });
      if (!('opened' in answer)) found.push(`${what}: the next tunnel failed: ${JSON.stringify(answer)}`);
      await client.ask({ close: null });
      if ((await networkAgain(laptop, untouched)) !== untouched)
        found.push(`${what}: the next tunnel left something`);
    }
  } finally {
    await spaces.destroy();
    files.remove();
  }
  return found;
}

async function wishOf(
  files: HelperFiles,
  client: ClientProcess,
  via: 'tun' | 'filter',
  sub: string,
): Promise<OpenWish> {
  const { port } = (await client.ask({ listen: { text: 'far' } })) as { port: number };
  const grant = await files.routeGrant({
    sub,
    names: [{ name: 'db.internal', address: '10.0.2.60' }],
    routes: [
      { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' },
      { cidr: 'fd12:3456::/48', ports: [[1, 65_535]], proto: 'tcp' },
    ],
  });
  const dns = { names: [{ name: 'db.internal', address: '10.0.2.60' }], suffixes: [] };
  const listeners = [
    { to: '10.0.0.0/16', ports: [1, 65_535] as [number, number], proto: 'tcp' as const, listener: port },
  ];
  return {
    routeGrants: [grant],
    via,
    shape: 'subnet',
    exclude: ['10.0.0.5'],
    dns,
    ...(via === 'filter' ? { listeners } : {}),
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the helper ended by itself with ${child.exitCode}`);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Processes of the namespace beside the known ones, after those that are just ending had their time. */
async function strays(laptop: Namespace, known: readonly ChildProcess[]): Promise<number[]> {
  const until = Date.now() + 10_000;
  for (;;) {
    const left = (await laptop.pids()).filter((pid) => !known.some((child) => child.pid === pid));
    if (left.length === 0 || Date.now() > until) return left;
    await new Promise((later) => setTimeout(later, 50));
  }
}
