import {
  readBufferBytesMax,
  reorderBytesMax,
  sessionWriteBytesMax,
  streamPayloadBytesMax,
  unacknowledgedMessagesMax,
} from '../../limits.ts';
import type { Flow } from './flow.ts';
import { planOf, type Plan } from './plan.ts';
import { plantBug, type PlantedBug } from './planted-bugs.ts';
import { World } from './world.ts';

/** How long nothing may move although both ends are attached and nothing goes wrong any more, virtual milliseconds. */
export const stallMs = 5_000;
/** How long an end may take to be attached again after the last fault: a dead peer is noticed in 45 s, then back-off. */
export const reattachMs = 60_000;
/** How long all of it may take after the last fault. */
const wholeMs = 300_000;
/** How long the end of a session may take. */
const endMs = 120_000;
const eventsMax = 5_000_000;

export interface Simulation {
  readonly seed: number;
  /** The first broken invariant; undefined when all held. */
  readonly finding: string | undefined;
  readonly plan: Plan;
  readonly virtualMs: number;
  readonly relayedFrames: number;
  readonly bytes: number;
  /** Why each end was over. */
  readonly reasons: Readonly<Record<string, string>>;
}

export interface SimulateOptions {
  /** Builds the sessions with a bug, to see whether it is caught. */
  readonly bug?: PlantedBug;
  /** Gets a line for each thing that happens. */
  readonly trace?: (line: string) => void;
}

/**
 * Runs client, gateway and agent under everything that the seed plans, in virtual time, and judges after every step: bytes out are a
 * prefix of bytes in, memory is under its bounds, nothing stands still longer than it may, and every session ends with a reason.
 */
export function simulate(seed: number, options: SimulateOptions = {}): Simulation {
  const plan = planOf(seed);
  const { trace } = options;
  const world: World = new World(plan, (text) =>
    trace?.(`${world?.timeline.now.toFixed(1) ?? 0} ms  ${text()}`),
  );
  if (options.bug !== undefined) plantBug(options.bug, world.client, world.agent);
  let finding: string | undefined;
  try {
    finding = run(world);
  } catch (error) {
    finding = `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  return {
    seed,
    finding,
    plan,
    virtualMs: world.timeline.now,
    relayedFrames: world.gateway.relayed,
    bytes: world.flows.reduce((sum, { from }) => sum + from.client.delivered + from.agent.delivered, 0),
    reasons: { ...world.reasons },
  };
}

/** The line that replays a seed. */
export function replayLine(seed: number): string {
  return `npm run sim -- --seed ${seed} --trace`;
}

function run(world: World): string | undefined {
  const { timeline } = world;
  let finishing: number | undefined;
  for (let events = 0; ; events += 1) {
    if (world.findings.length > 0) return world.findings[0];
    if (world.over) return judgeEnd(world);
    if (events > eventsMax) return 'too much happens without an end';
    const wrong = judgeMemory(world) ?? judgeProgress(world, finishing);
    if (wrong !== undefined) return wrong;
    if (finishing === undefined && world.calmAt !== undefined && flowsOver(world)) {
      finishing = timeline.now;
      world.finish();
    }
    // The next thing, or a second later, so that standing still is seen.
    timeline.step(timeline.now + 1000);
  }
}

function flowsOver(world: World): boolean {
  return world.brokenOff || world.flows.every((flow) => flow.over);
}

function judgeMemory(world: World): string | undefined {
  for (const side of ['client', 'agent'] as const) {
    const { unacknowledged, queuedBytes, keptBytes, earlyBytes } = world.session(side).stats;
    if (unacknowledged > unacknowledgedMessagesMax) return `${side} has ${unacknowledged} messages in flight`;
    if (queuedBytes > sessionWriteBytesMax) return `${side} has ${queuedBytes} bytes waiting to be sent`;
    if (keptBytes > readBufferBytesMax + streamPayloadBytesMax)
      return `${side} keeps ${keptBytes} bytes for readers`;
    if (earlyBytes > reorderBytesMax) return `${side} keeps ${earlyBytes} early bytes`;
  }
  return undefined;
}

function judgeProgress(world: World, finishing: number | undefined): string | undefined {
  const { timeline, drivers, calmAt } = world;
  const { now } = timeline;
  if (finishing !== undefined)
    return now - finishing > endMs ? `does not end (${endings(world)})` : undefined;
  if (calmAt === undefined) {
    return now > wholeMs + world.plan.quietAt
      ? `is not ready after ${wholeMs} ms (${endings(world)})`
      : undefined;
  }
  if (world.brokenOff) return now - calmAt > wholeMs ? `does not end (${endings(world)})` : undefined;
  const { client, agent } = drivers;
  if (!client.attached || !agent.attached) {
    const away = [client, agent].filter((driver) => !driver.attached).map(({ side }) => side);
    return now - calmAt > reattachMs ? `${away.join(' and ')} not attached again` : undefined;
  }
  const since = Math.max(calmAt, client.attachedAt, agent.attachedAt, world.progressAt);
  if (now - since > stallMs && !flowsOver(world)) return `stands still: ${openFlows(world)}`;
  return now - calmAt > wholeMs ? `is not done after ${wholeMs} ms: ${openFlows(world)}` : undefined;
}

function openFlows(world: World): string {
  return world.flows
    .filter((flow) => !flow.over)
    .map((flow) => flow.toString())
    .join('; ');
}

function endings(world: World): string {
  return `client: ${world.reasons.client ?? 'running'}, agent: ${world.reasons.agent ?? 'running'}`;
}

function judgeEnd(world: World): string | undefined {
  if (world.readyAt === undefined || world.brokenOff || world.plan.roughStart) return undefined;
  // An opening may cross the end of a session whose only flow was given up before it was announced.
  const givenUp = (flow: Flow) => flow.plan.ends === 'client-abort' && flow.closed.client;
  const open = world.flows.filter((flow) => !flow.over && !givenUp(flow)).join('; ');
  return open === '' ? undefined : `ended before its flows were over: ${open}`;
}
