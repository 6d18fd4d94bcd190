import { SeededRandom } from '@sallyport/effects/simulated';
import { EchoFlow } from './echo-flow.ts';
import type { KeptTunnel } from './kept-tunnel.ts';
import type { Product } from './product.ts';

/**
 * What can happen to a connection. `resumable`: the session lives on, so open local connections must too, byte for byte; after the others they are
 * reset and new ones are carried.
 */
export const dropKinds = {
  'gateway close 1000': { resumable: true },
  'TCP reset': { resumable: true },
  'black hole': { resumable: true },
  'lease expired meanwhile': { resumable: true },
  'resume refused': { resumable: false },
  'agent restart': { resumable: false },
} as const;
export type DropKind = keyof typeof dropKinds;

export interface DropOutcome {
  readonly kind: DropKind;
  /** From the drop until something said after it was echoed. */
  readonly recoveredMs: number;
}

export interface DropsReport {
  readonly outcomes: readonly DropOutcome[];
  /** What was not as it must be, each with the drop's number and kind. */
  readonly found: readonly string[];
}

/** Every kind about as often as the others, in the order of the seed; only black holes, which take seconds to notice, half as often. */
export function planOf(seed: number, count: number): DropKind[] {
  const random = new SeededRandom(seed);
  const kinds = Object.keys(dropKinds) as DropKind[];
  const often = kinds.flatMap((kind) => (kind === 'black hole' ? [kind] : [kind, kind]));
  const plan = Array.from({ length: count }, (_, n) => often[n % often.length] as DropKind);
  for (let at = plan.length - 1; at > 0; at--) {
    const other = Math.floor(random.fraction() * (at + 1));
    [plan[at], plan[other]] = [plan[other] as DropKind, plan[at] as DropKind];
  }
  return plan;
}

/** Drops a tunnel to an echo at random moments of a conversation and waits until each time what is said is echoed again. */
export async function runDrops(
  product: Product,
  kept: KeptTunnel,
  { plan, seed, patienceMs }: { plan: readonly DropKind[]; seed: number; patienceMs: number },
  progress: (text: string) => void = () => undefined,
): Promise<DropsReport> {
  const random = new SeededRandom(seed);
  const outcomes: DropOutcome[] = [];
  const found: string[] = [];
  let flow = await EchoFlow.to(kept.tunnel.port);
  for (const [n, kind] of plan.entries()) {
    const name = `drop ${n + 1} (${kind}, seed ${seed})`;
    if (!(await within(patienceMs, flow.carries(Math.floor(random.fraction() * 200_000) + 1)))) {
      found.push(`${name}: nothing was carried before it`);
      break;
    }
    // Losses that follow each other within seconds are met with growing pauses; here each stands for itself.
    kept.forgetLosses();
    const begun = performance.now();
    await drop(product, kept, kind);
    const lived = await within(patienceMs, flow.answers());
    if (flow.wrongAt !== undefined) found.push(`${name}: byte ${flow.wrongAt} came back wrong`);
    if (!lived && dropKinds[kind].resumable)
      found.push(`${name}: the open connection did not live through it`);
    if (!lived) {
      const again = await within(patienceMs, reopened(kept.tunnel.port));
      if (!again) {
        found.push(`${name}: not recovered; ${JSON.stringify(kept.told.obstacles)}`);
        break;
      }
      flow.close();
      flow = again;
    }
    outcomes.push({ kind, recoveredMs: performance.now() - begun });
    await product.sandbox.faults({});
    progress(`${n + 1} of ${plan.length} drops`);
  }
  flow.close();
  return { outcomes, found };
}

/** A new connection that answers; what is opened while the tunnel is on its way back may itself be told that it is not. */
async function reopened(port: number): Promise<EchoFlow> {
  for (;;) {
    const flow = await EchoFlow.to(port);
    if (await flow.answers()) return flow;
    flow.close();
  }
}

/** Does it once, to the session that carries the tunnel. */
export async function drop({ sandbox }: Product, kept: KeptTunnel, kind: DropKind): Promise<void> {
  const [session] = kept.sessions;
  const sessionId = session?.ssmSessionId ?? undefined;
  const of = sessionId === undefined ? {} : { sessionId };
  switch (kind) {
    case 'gateway close 1000':
      return sandbox.event({ kill: { side: 'client', how: 'bye', ...of } });
    case 'TCP reset':
      return kept.network.reset();
    case 'black hole':
      await sandbox.faults({ blackHole: of });
      // Silence alone is noticed within 45 s; the machine knows sooner when its network changed.
      return kept.machineSays({ what: 'networkChanged' });
    case 'lease expired meanwhile':
      kept.expireLeases();
      return sandbox.event({ kill: { side: 'client', how: 'cut', ...of } });
    case 'resume refused':
      await sandbox.faults({ refuseResume: true });
      return sandbox.event({ kill: { side: 'client', how: 'cut', ...of } });
    case 'agent restart':
      return sandbox.event({ restartAgent: { instanceId: session?.instanceId, downMs: 300 } });
  }
}

/** The promise's value, or undefined when it does not come in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `median 120 ms, p99 900 ms` over the outcomes, of one kind or all. */
export function recoveryText(outcomes: readonly DropOutcome[], kind?: DropKind): string {
  const times = outcomes
    .filter((outcome) => kind === undefined || outcome.kind === kind)
    .map(({ recoveredMs }) => recoveredMs)
    .sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return `median ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`;
}
