import { join } from 'node:path';
import { EchoFlow } from '../../e2e/harness/echo-flow.ts';
import { KeptTunnel } from '../../e2e/harness/kept-tunnel.ts';
import { Product } from '../../e2e/harness/product.ts';
import { memoryUse } from '../../libs/connect/test/memory-trend.ts';
import { repository } from '../start/installation.ts';
import { SampleStore, type UseSample } from './use-samples.ts';

const world = join(repository, 'apps/sandbox/test/world');

/** How a tunnel is used for a while. */
export interface Pace {
  /** Rest between two conversations. */
  readonly pauseMs: number;
  /** The emulated AWS closes a connection that has lived for this long. */
  readonly closeAfterSeconds: number;
  readonly sampleEveryMs: number;
  /** A canary: bytes that are kept for each of these, as a leak would. */
  readonly leak?: { readonly conversation?: number; readonly close?: number };
}

/** What was done with a tunnel. */
export interface Done {
  readonly conversations: number;
  readonly closes: number;
  /** Handed out to the tunnel. */
  readonly leases: number;
  /** Of the steady conversation alone. */
  readonly megabytes: number;
}

/** A tunnel in this process against the emulated AWS: one steady conversation, short ones one after the other, and connections that AWS closes. */
export class SteadyUse {
  /** What was not as it must be. */
  readonly found: string[] = [];
  readonly #product: Product;
  readonly #kept: KeptTunnel;
  readonly #steady: EchoFlow;
  readonly #samples = new SampleStore();
  readonly #leaked: Uint8Array[] = [];
  #conversations = 0;

  private constructor(product: Product, kept: KeptTunnel, steady: EchoFlow) {
    this.#product = product;
    this.#kept = kept;
    this.#steady = steady;
  }

  /** `minutes`: for how long it is to be used. */
  static async start(minutes: number): Promise<SteadyUse> {
    const product = await Product.start({
      sandboxArgs: ['--world', join(world, 'transfer.yaml')],
      apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
    });
    try {
      const seconds = Math.ceil(minutes * 60) + 900;
      const kept = await KeptTunnel.open(product, 'test-echo', { seconds, sessionsMax: 8 });
      return new SteadyUse(product, kept, await EchoFlow.to(kept.tunnel.port));
    } catch (error) {
      await product.remove();
      throw error;
    }
  }

  /** So far. */
  get done(): Done {
    const { reconnects } = this.#kept.tunnel.snapshot();
    return {
      conversations: this.#conversations,
      closes: Object.values(reconnects).reduce((sum, times) => sum + times, 0),
      leases: this.#kept.leases.count,
      megabytes: this.#steady.echoed / 1e6,
    };
  }

  /** Uses it at this pace until that is enough, in minutes and by what was done meanwhile; `each` is told every sample. Ends early when something broke. */
  async live(
    pace: Pace,
    enough: (minutes: number, done: Done) => boolean,
    each: (sample: UseSample) => void,
  ): Promise<readonly UseSample[]> {
    const before = this.done;
    this.#samples.clear();
    const begun = performance.now();
    const passed = () => performance.now() - begun;
    await this.#product.sandbox.faults({ closeAfterSeconds: pace.closeAfterSeconds });
    while (this.found.length === 0 && !enough(passed() / 60_000, since(before, this.done))) {
      const next = passed() + pace.sampleEveryMs;
      const { closes } = this.done;
      while (passed() < next && this.found.length === 0)
        await this.#converse(pace).catch((error: unknown) => this.#broke(passed(), error));
      for (let close = closes; close < this.done.closes; close++) this.#leak(pace.leak?.close);
      if (!(await this.#steady.fallsSilent())) this.#broke(passed(), 'the steady conversation ended');
      const sample = await this.#sample(passed());
      this.#steady.speakAgain();
      this.#samples.add(sample);
      each(sample);
    }
    return this.#samples.all();
  }

  async end(): Promise<void> {
    this.#steady.close();
    await this.#kept.close();
    await this.#product.remove();
  }

  async #converse({ pauseMs, leak }: Pace): Promise<void> {
    const short = await EchoFlow.to(this.#kept.tunnel.port);
    const well = await short.carries(20_000);
    short.close();
    if (!well) throw new Error('a new conversation ended');
    this.#conversations += 1;
    this.#leak(leak?.conversation);
    await rest(pauseMs);
  }

  #broke(passedMs: number, what: unknown): void {
    const { state, end } = this.#kept.tunnel;
    const { obstacles, connectionsLost } = this.#kept.told;
    const about = JSON.stringify({ state, end, connectionsLost, obstacles: obstacles.slice(-3) });
    this.found.push(`minute ${(passedMs / 60_000).toFixed(1)}: ${String(what)}; ${about}`);
  }

  #leak(bytes = 0): void {
    if (bytes > 0) this.#leaked.push(new Uint8Array(bytes));
  }

  /** Taken in silence: what is on its way is no growth. */
  async #sample(passedMs: number): Promise<UseSample> {
    // Node keeps what the last 250 calls of `fetch` took, for whoever asks. Nobody asks here, and filling that up takes most of an hour.
    performance.clearResourceTimings();
    await rest(settledAfterMs);
    // V8 gives pages back beside the program: what is resident is read some time after they became free.
    memoryUse();
    await rest(settledAfterMs);
    const { conversations, closes } = this.done;
    return {
      hours: passedMs / 3_600_000,
      conversations,
      closes,
      sessions: this.#kept.sessions.length,
      ...memoryUse(),
    };
  }
}

/** Acknowledgements are sent and sockets closed within this. */
const settledAfterMs = 200;

/** What was done after `before`. */
export function since(before: Done, now: Done): Done {
  return {
    conversations: now.conversations - before.conversations,
    closes: now.closes - before.closes,
    leases: now.leases - before.leases,
    megabytes: now.megabytes - before.megabytes,
  };
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
