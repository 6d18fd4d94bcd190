import type { PortMode } from '../../session/contract.ts';
import { Chance } from '../chance.ts';

/** What goes wrong at one moment. */
export type Fault =
  | 'gateway-close' // the gateway closes both sockets with code 1000, as it does each hour
  | 'gateway-restart' // both sockets and all that the gateway holds are gone
  | 'client-reset' // TCP reset of one socket
  | 'agent-reset'
  | 'client-black-hole' // one socket swallows everything until its end notices
  | 'agent-black-hole'
  | 'both-black-hole'
  | 'agent-pause' // the gateway asks the agent to pause, and to start again a second later
  | 'agent-restart' // the agent's process is gone, and the session with it
  | 'resume-refused'; // the client's socket breaks and the service does not resume it

export interface FlowPlan {
  readonly opensAt: number;
  readonly up: number;
  readonly down: number;
  readonly chunk: number;
  /** Who closes the flow: after everything has arrived, after having written its own, or at once at a moment. */
  readonly ends: 'when-complete' | 'client-first' | 'agent-first' | 'client-abort' | 'agent-abort';
  readonly abortsAt: number;
  readonly dialMs: number;
  readonly dialFails: boolean;
  /** When readers stop and go on, milliseconds; none when `from` is beyond `to`. */
  readonly pauses: Readonly<Record<'client' | 'agent', { readonly from: number; readonly to: number }>>;
}

export interface Plan {
  readonly seed: number;
  readonly mode: PortMode;
  readonly oneWayMs: Readonly<Record<'client' | 'agent', number>>;
  /** Shares of relayed frames that the gateway loses, repeats, and holds back so that later ones overtake. */
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly reorderMs: number;
  /** Does the gateway keep frames for a peer that is away, or drop them? */
  readonly keepsForAbsent: boolean;
  /** Does it tell the agent to pause while the client is away? */
  readonly pausesAgent: boolean;
  /** One message a millisecond, as the real agent sends. */
  readonly agentPaced: boolean;
  readonly faults: readonly { readonly at: number; readonly fault: Fault }[];
  /** Faults and loss may hit the handshake. */
  readonly roughStart: boolean;
  readonly flows: readonly FlowPlan[];
  /** From here on nothing goes wrong any more, and every reader reads. */
  readonly quietAt: number;
  readonly endsBy: 'client-flag' | 'service' | 'agent';
}

const faultChoices: readonly Fault[] = [
  'gateway-close',
  'gateway-close',
  'gateway-restart',
  'client-reset',
  'client-reset',
  'agent-reset',
  'client-black-hole',
  'agent-black-hole',
  'both-black-hole',
  'agent-pause',
];

/**
 * One in so many plans has a reader that pauses for as long as people do (a pager, a debugger), while other flows come and go. Chosen beside the plan's
 * own chance, so that all other seeds stay what they are; the salt puts one among the first.
 */
const sleeperOneIn = 4096;
const sleeperSalt = 0x5118;

/** Derives everything that will happen from a seed. Half of the plans have one stream of raw bytes, half are multiplexed. */
export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  if (new Chance(seed ^ sleeperSalt).happens(1 / sleeperOneIn)) return sleeperOf(seed, chance);
  const mode: PortMode = chance.happens(0.5) ? 'mux' : chance.happens(0.7) ? 'basic' : 'standard-stream';
  const flood = chance.happens(1 / 256);
  const quietAt = chance.whole(500, 12_000);
  const lossy = chance.happens(0.6);
  const share = () => (lossy && chance.happens(0.7) ? chance.between(0, 0.25) : 0);
  const faults: { at: number; fault: Fault }[] = [];
  for (let left = chance.whole(0, 5); left > 0; left -= 1) {
    faults.push({ at: chance.whole(0, quietAt), fault: chance.one(faultChoices) });
  }
  if (chance.happens(0.1)) {
    const fault = chance.one(['agent-restart', 'resume-refused'] as const);
    faults.push({ at: chance.whole(0, quietAt), fault });
  }
  const flows = flood ? 1 : mode === 'mux' ? chance.whole(1, chance.happens(0.1) ? 24 : 6) : 1;
  return {
    seed,
    mode,
    oneWayMs: { client: chance.between(0.2, 60), agent: chance.between(0.2, 10) },
    drop: share(),
    duplicate: share(),
    reorder: share(),
    reorderMs: chance.whole(1, 300),
    keepsForAbsent: chance.happens(0.5),
    pausesAgent: chance.happens(0.5),
    agentPaced: !flood && chance.happens(0.3),
    faults,
    roughStart: chance.happens(0.1),
    flows: Array.from({ length: flows }, () => flowOf(chance, mode, quietAt, flood)),
    quietAt,
    endsBy: chance.one(['client-flag', 'service', 'agent']),
  };
}

function sleeperOf(seed: number, chance: Chance): Plan {
  const quietAt = chance.whole(500_000, 900_000);
  const never = { from: 1, to: 0 };
  const hog: FlowPlan = {
    ...flowOf(chance, 'mux', quietAt, false),
    opensAt: 0,
    down: chance.whole(1_500_000, 4_000_000),
    chunk: 65_536,
    ends: 'when-complete',
    dialFails: false,
    pauses: { client: { from: chance.whole(0, 100), to: quietAt }, agent: never },
  };
  const others = Array.from({ length: chance.whole(1, 4) }, () => flowOf(chance, 'mux', quietAt, false));
  return {
    ...{ seed, mode: 'mux', quietAt, reorderMs: 50, agentPaced: false, roughStart: false },
    oneWayMs: { client: chance.between(0.2, 10), agent: chance.between(0.2, 5) },
    ...{ drop: 0, duplicate: 0, reorder: chance.between(0, 0.05) },
    keepsForAbsent: chance.happens(0.5),
    pausesAgent: chance.happens(0.5),
    faults: Array.from({ length: chance.whole(0, 2) }, () => ({
      at: chance.whole(0, quietAt),
      fault: chance.one(faultChoices),
    })),
    flows: [hog, ...others],
    endsBy: chance.one(['client-flag', 'service', 'agent']),
  };
}

function flowOf(chance: Chance, mode: PortMode, quietAt: number, flood: boolean): FlowPlan {
  const size = () => {
    if (flood) return chance.whole(0, 5_500_000);
    if (chance.happens(0.1)) return chance.whole(0, 80_000);
    return chance.happens(0.3) ? chance.whole(0, 20) : chance.whole(0, 7000);
  };
  const pause = () => {
    const from = chance.whole(0, quietAt);
    return chance.happens(flood ? 0.8 : 0.25)
      ? { from, to: chance.whole(from, quietAt) }
      : { from: 1, to: 0 };
  };
  const mux = mode === 'mux' && !flood;
  const up = size();
  const down = size();
  return {
    opensAt: chance.whole(0, Math.floor(quietAt / 2)),
    up,
    down,
    chunk: chance.one(up + down > 20_000 ? [1000, 1024, 5000, 65_536] : [1, 100, 1000, 1024, 5000]),
    ends: mux
      ? chance.one([
          'when-complete',
          'when-complete',
          'client-first',
          'agent-first',
          'client-abort',
          'agent-abort',
        ])
      : 'when-complete',
    abortsAt: chance.whole(0, quietAt),
    dialMs: chance.happens(0.5) ? 0 : chance.whole(1, 400),
    dialFails: mux && chance.happens(0.05),
    pauses: { client: pause(), agent: pause() },
  };
}
