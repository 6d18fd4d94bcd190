import { openTcp } from '@sallyport/agent/testing';
import type { AgentTokenClaims } from '@sallyport/grant-token';
import { buildPacket } from '@sallyport/tunnel/testing';
import type { AgentWorld } from './agent-world.ts';
import { numbers } from './crooked-messages.ts';

/** A port where nobody listens: conversations to it end at once, refused, and are on disk when that is told. */
const closedPort = 82;
const patienceMs = 60_000;
const gre = 47;

/** When the kill comes: while it starts, while it enrols, while it carries, while it hands records over, while whole packets pass. */
const moments = ['start', 'work', 'enrolment', 'packets', 'work', 'records'] as const;
export type KillMoment = (typeof moments)[number];

export interface AgentKills {
  readonly rounds: number;
  /** The same seed gives the same moments and delays. */
  readonly seed: number;
  /** The kill comes up to so long after its moment; default three seconds. */
  readonly delayMsMax?: number;
  /** Without a device for whole packets those rounds are ordinary work. */
  readonly packets: boolean;
  progress?(text: string): void;
}

/** One seed for all that a run draws: the variable `SEED`, or what is given. */
export const seedOr = (seed: number): number => Number(process.env['SEED'] ?? seed);

/**
 * Kills the agent at random moments, and starts it again each time. Resolves with what is wrong: a listener or a process that was left, an agent that does not
 * serve again, a record that was lost, or one that came again although it had been taken. Every text names the seed.
 */
export async function killAtRandom(world: AgentWorld, kills: AgentKills): Promise<string[]> {
  const { rounds, seed, packets, delayMsMax = 3_000, progress = () => undefined } = kills;
  const next = numbers(seed);
  const found: string[] = [];
  const isMine = ({ port, end }: { port: number; end: string }) => port === closedPort && end === 'refused';
  const before = world.plane.records.filter(isMine).length;
  let expected = 0;
  await world.kill();
  if (packets) await world.packets('up');
  for (let round = 1; round <= rounds; round += 1) {
    const moment = moments[(round - 1) % moments.length]!;
    const delay = Math.floor(next() ** 2 * delayMsMax);
    const what = `round ${String(round)} (seed ${String(seed)}): ${moment}, ${String(delay)} ms`;
    progress(what);
    const fault = (text: string) => found.push(`${what}: ${text}`);
    const pid = await aMoment(world, moment, { next, packets, fault, told: () => (expected += 1) });
    await later(delay);
    await world.kill();
    const listening = await world.gateway.ask('sh', ['-c', 'ss -Htln "sport = :7443"']);
    if (listening !== '') fault(`something listens still: ${listening}`);
    if ((await world.gateway.pids()).includes(pid ?? 0)) fault('the process is left');
  }
  await world.start();
  const last = await admitted(world);
  await openTcp(last.link, '10.0.2.60', 8080).opened;
  if (packets && !last.link.features.has('packets')) found.push(`seed ${String(seed)}: no packets any more`);
  const until = performance.now() + patienceMs;
  const arrived = () => world.plane.records.filter(isMine).length - before;
  while (arrived() < expected && performance.now() < until) await later(50);
  if (arrived() !== expected)
    found.push(
      `seed ${String(seed)}: ${String(arrived())} records arrived of ${String(expected)} conversations that had ended`,
    );
  if (world.plane.twice.length > 0)
    found.push(`seed ${String(seed)}: came again after they were taken: ${world.plane.twice.join(', ')}`);
  last.link.close();
  if (packets) await world.packets('off');
  return found;
}

interface Scene {
  readonly next: () => number;
  readonly packets: boolean;
  fault(text: string): void;
  /** A conversation has ended whose record must arrive. */
  told(): void;
}

/** Brings an agent to the moment; what is under way then goes on until the kill. The process. */
async function aMoment(world: AgentWorld, moment: KillMoment, scene: Scene): Promise<number | undefined> {
  const { next, packets, fault, told } = scene;
  if (moment === 'start') return world.launch().pid;
  if (moment === 'enrolment') {
    world.forgetEnrolment();
    // Half of them once the control plane has used the token, which the agent never hears.
    const used = next() < 0.5 ? world.plane.holdAnswer('/enrolments') : undefined;
    const { pid } = world.launch();
    await used;
    return pid;
  }
  const agent = await world.start();
  const client = await admitted(world);
  await openTcp(client.link, '10.0.2.60', 7000).opened;
  const code = await openTcp(client.link, '10.0.2.60', closedPort).finished;
  if (code === 'FLOW_REFUSED') told();
  else fault(`a closed port answered ${code}`);
  if (moment === 'records') {
    await world.plane.holdAnswer('/flows');
    return agent.pid;
  }
  // A varying number of conversations is under way, in a varying state, when the kill comes.
  const others = Math.floor(next() * 40);
  for (let more = 0; more < others; more += 1) openTcp(client.link, '10.0.2.60', 8080);
  if (moment === 'packets' && packets) {
    if (!client.link.features.has('packets')) fault('no packets any more');
    const packet = () =>
      buildPacket({ from: '100.64.0.66', to: '10.0.2.60', protocol: gre, payload: new Uint8Array(900) });
    const sending = setInterval(() => client.link.sendPacket(packet()), 1);
    agent.once('exit', () => clearInterval(sending));
  }
  agent.once('exit', () => client.link.close());
  return agent.pid;
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client of the agent; like the product's it tries again while nobody answers in time, as on a machine that is busy. */
async function admitted(world: AgentWorld): Promise<Awaited<ReturnType<AgentWorld['client']>>> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const client = await world.client({ allow: everything });
    try {
      await client.up;
      return client;
    } catch (cause) {
      client.link.close();
      if ((cause as { code?: string }).code !== 'AGENT_UNREACHABLE' || performance.now() > until) throw cause;
    }
  }
}

const everything = [
  { cidr: '10.0.2.0/24', ports: [[1, 65_535]], proto: 'tcp' },
  { cidr: '10.0.2.60/32', ports: [], proto: 'ip' },
] satisfies AgentTokenClaims['allow'];
