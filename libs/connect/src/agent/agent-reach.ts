import type { Duplex } from 'node:stream';
import {
  createClientLink,
  type CarrierStats,
  type ClientLink,
  type EndCode,
} from '@sallyport/agent-protocol';
import type { Effects, TimerHandle } from '@sallyport/effects';
import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import type {
  Carried,
  DatagramFlow,
  Destination,
  NameAnswer,
  OpeningNow,
  OpenTold,
  Reach,
} from '@sallyport/tunnel';
import { fullJitterMs } from '../backoff.ts';
import { duplexPair } from '../duplex-pair.ts';
import type { Tunnel } from '../tunnel.ts';
import { CarrierCount } from './carrier-count.ts';
import { newClientKey } from './client-key.ts';
import { carryOver } from './duplex-carrier.ts';
import { openNow } from './open-now.ts';
import { StreamDuplex } from './stream-duplex.ts';
import { TokenSource, type AgentTokens } from './token-source.ts';
import { zstdPacker } from './zstd-packer.ts';

/** What is needed of a tunnel whose document leads to the agent's port. */
export interface AgentTunnel extends Pick<Tunnel, 'carry' | 'end' | 'lease'> {
  /** A way to the agent's port that needs no session, where there is one: each call a connection, used as it is. Instead of `carry`. */
  dial?(): Duplex;
  /** Tells each time that a session is there again after none was; returns how to stop listening. */
  onBack?(listener: () => void): () => void;
}

export interface AgentReachEvents {
  up?(): void;
  /** No carrier is left; it is being got back. */
  down?(): void;
  /** It is over for good. */
  ended?(problem: Error): void;
}

export interface AgentReachOptions {
  readonly tunnel: AgentTunnel;
  readonly agentTokens: AgentTokens;
  readonly effects: Effects;
  /** What new conversations do while there is no carrier: wait (30 s at most), or fail at once. */
  readonly whileDown: 'wait' | 'refuse';
  /** Most sessions that carry one link; default 8. */
  readonly carriersMax?: number;
  readonly events?: AgentReachEvents;
  /** Tells of sleep and changes of network until it is called off: carriers must then show life. */
  readonly onWake?: (listener: () => void) => () => void;
}

const renewAfterMs = 45_000;
const renewAgainAfterMs = 3_000;
const sampleMs = 500;
const waitMs = 30_000;
/** After sleep or a change of network: time for a session to be resumed, and for an answer through it. */
const provesItselfWithinMs = 10_000;
/** A carrier that ended this often before the first was admitted: nobody answers there. */
const firstAttemptsMax = 4;
/** What another attempt will not change. */
const final = new Set<string>(['AGENT_TOKEN_REFUSED', 'AGENT_VERSION_UNSUPPORTED', 'AGENT_NOT_ENROLLED']);

/** The way to a private network through the companion agent: one link over as many sessions of a tunnel as the load calls for. */
export class AgentReach implements Reach {
  readonly #options: AgentReachOptions;
  readonly #link: ClientLink;
  readonly #tokens: TokenSource;
  readonly #count: CarrierCount;
  readonly #nears = new Set<Duplex>();
  readonly #waiting = new Set<() => void>();
  #sampling: TimerHandle | undefined;
  #renewing: TimerHandle | undefined;
  #retry: TimerHandle | undefined;
  readonly #stopWake: (() => void) | undefined;
  readonly #stopBack: (() => void) | undefined;
  #failures = 0;
  #up = false;
  #wasUp = false;
  #over: Error | undefined;
  #packets: ((packet: Uint8Array) => void) | undefined;
  /** What the latest call for a token said, when it failed. */
  #tokenProblem: Error | undefined;

  private constructor(options: AgentReachOptions) {
    this.#options = options;
    const { effects } = options;
    const key = newClientKey();
    this.#tokens = new TokenSource(options.agentTokens, key.publicKey, effects.clock);
    this.#count = new CarrierCount(options.carriersMax ?? 8);
    this.#stopWake = options.onWake?.(() => this.probe(provesItselfWithinMs));
    this.#stopBack = options.tunnel.onBack?.(() => this.#hurry());
    this.#link = createClientLink({
      ports: { effects, packer: zstdPacker, soon: (run) => process.nextTick(run) },
      credentials: {
        publicKey: key.publicKey,
        sign: (bytes) => key.sign(bytes),
        token: (agentId) => this.#token(agentId),
      },
      events: {
        up: () => this.#isUp(),
        down: () => this.#isDown(),
        carrierEnded: (code) => this.#carrierEnded(code),
        ended: (code) => this.#ended(code),
        packet: (packet) => this.#packets?.(packet),
      },
    });
  }

  /** Resolves when the agent has admitted the first carrier; refuses with what stood in the way, and then leaves nothing behind. */
  static async open(options: AgentReachOptions, signal?: AbortSignal): Promise<AgentReach> {
    const reach = new AgentReach(options);
    try {
      reach.#fill();
      await reach.#whenUp(signal);
    } catch (error) {
      reach.close();
      throw error;
    }
    return reach;
  }

  get carries(): ReadonlySet<Carried> {
    const { features } = this.#link;
    const carries = new Set<Carried>(['tcp']);
    if (features.has('udp')) carries.add('udp');
    if (features.has('echo')) carries.add('icmp');
    if (features.has('packets')) carries.add('ip');
    return carries;
  }
  /** The carriers now, for `ps` and `doctor`. */
  get carriers(): readonly CarrierStats[] {
    return this.#link.carriers;
  }
  get flows(): number {
    return this.#link.streams;
  }
  /** How much packing saved. */
  get packing(): ClientLink['packing'] {
    return this.#link.packing;
  }

  async openTcp(to: Destination, signal: AbortSignal): Promise<Duplex> {
    for (;;) {
      await this.#ready(signal);
      try {
        return await this.#openTcp(to, signal);
      } catch (error) {
        // The agent forgot us before it had heard of this conversation, or while it dialled: nothing was said yet.
        const forgotten = error instanceof Problem && error.code === 'REACH_DOWN';
        if (!forgotten || this.#options.whileDown === 'refuse') throw error;
      }
    }
  }

  openTcpNow(to: Destination, told: OpenTold): OpeningNow | undefined {
    if (!this.#up || this.#over) return undefined;
    const waits = this.#options.whileDown === 'wait';
    return openNow(this.#link, to, told, waits ? (signal) => this.openTcp(to, signal) : undefined);
  }

  openUdp(
    to: Destination,
    received: (datagram: Uint8Array) => void,
    ended: (code: string) => void,
  ): DatagramFlow {
    const flow = this.#link.openUdp({ host: to.address, port: to.port }, { datagram: received, ended });
    return { send: (datagram) => flow.send(datagram), close: () => flow.close() };
  }

  async echo(address: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    await this.#ready(signal);
    return this.#link.echo(address, payload, signal);
  }

  async resolve(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<NameAnswer> {
    await this.#ready(signal);
    return this.#link.resolve(name, type, signal);
  }

  packets(received: (packet: Uint8Array) => void): { send(packet: Uint8Array): void; close(): void } {
    this.#packets = received;
    return {
      send: (packet) => this.#link.sendPacket(packet),
      close: () => (this.#packets = undefined),
    };
  }

  /** The machine woke or its network changed: carriers must show life within so many milliseconds. */
  probe(patienceMs: number): void {
    this.#link.probe(patienceMs);
  }

  /** Ends every conversation and every carrier. */
  close(): void {
    this.#finish(new Problem('REACH_ENDED'), true);
  }

  #openTcp(to: Destination, signal: AbortSignal): Promise<Duplex> {
    const duplex = new StreamDuplex();
    const { events } = duplex;
    return new Promise<Duplex>((resolve, reject) => {
      const aborted = () => {
        duplex.destroy();
        reject(signal.reason as Error);
      };
      const settled = () => signal.removeEventListener('abort', aborted);
      let opened = false;
      const stream = this.#link.openTcp(
        { host: to.address, port: to.port },
        {
          ...events,
          opened: () => {
            settled();
            opened = true;
            resolve(duplex);
          },
          reset: (code) => {
            settled();
            if (opened) return events.reset(code);
            reject(new Problem(code));
          },
        },
      );
      duplex.join(stream);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Waits for a carrier where that is wished; throws when there is none, or will be none any more. */
  async #ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#over) throw new Problem('REACH_ENDED', { cause: this.#over });
    if (this.#up) return;
    if (this.#options.whileDown === 'refuse') throw new Problem('REACH_DOWN');
    await this.#whenUp(signal, waitMs);
  }

  #whenUp(signal?: AbortSignal, withinMs?: number): Promise<void> {
    const { timers } = this.#options.effects;
    return new Promise<void>((resolve, reject) => {
      const settle = () => {
        if (timer) timers.cancel(timer);
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', aborted);
      };
      const look = () => {
        if (!this.#up && !this.#over) return;
        settle();
        if (this.#over) reject(this.#over);
        else resolve();
      };
      const aborted = () => {
        settle();
        reject(signal?.reason as Error);
      };
      const timer =
        withinMs === undefined
          ? undefined
          : timers.after(withinMs, () => {
              settle();
              reject(new Problem('REACH_DOWN'));
            });
      this.#waiting.add(look);
      signal?.addEventListener('abort', aborted, { once: true });
      if (signal?.aborted) aborted();
      else look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #isUp(): void {
    this.#up = true;
    this.#wasUp = true;
    this.#failures = 0;
    this.#tokenProblem = undefined;
    const { timers, clock } = this.#options.effects;
    this.#sampling ??= timers.every(sampleMs, () => {
      const carriers = this.#link.carriers;
      const bytes = carriers.reduce(
        (sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived,
        0,
      );
      this.#count.sample(clock.monotonic(), bytes, carriers.length);
      this.#fill();
    });
    this.#renewIn(renewAfterMs);
    this.#options.events?.up?.();
    this.#look();
  }

  #isDown(): void {
    this.#up = false;
    if (!this.#over) this.#options.events?.down?.();
  }

  #renewIn(ms: number): void {
    const { timers } = this.#options.effects;
    if (this.#renewing) timers.cancel(this.#renewing);
    this.#renewing = timers.after(ms, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      this.#link.renew(await this.#tokens.fresh(this.#instanceId()));
      this.#renewIn(renewAfterMs);
    } catch (error) {
      if (this.#isFinal(error)) return this.#finish(error as Error);
      // The control plane is away: the agent keeps what is open for as long as the last token allows.
      this.#renewIn(renewAgainAfterMs);
    }
  }

  async #token(agentId: string): Promise<string> {
    const { lease } = this.#options.tunnel;
    if (lease?.agent && lease.agent.id !== agentId)
      throw new Problem('AGENT_UNREACHABLE', {
        detail: 'Another agent answers on the gateway than the one enrolled.',
      });
    try {
      return await this.#tokens.shared(this.#instanceId());
    } catch (error) {
      this.#tokenProblem = error as Error;
      throw error;
    }
  }

  #instanceId(): string {
    const { lease } = this.#options.tunnel;
    if (!lease) throw new Problem('REACH_DOWN');
    return lease.agent?.instanceId ?? lease.instanceId;
  }

  /** As many carriers as are wanted now; those that are too many end when nothing is carried. Without any, the pause between attempts is kept. */
  #fill(): void {
    if (this.#over) return;
    if (this.#options.tunnel.end) return this.#finish(new Problem('REACH_ENDED'));
    if (!this.#up && this.#retry) return;
    while (this.#nears.size < (this.#up ? this.#count.wanted : 1)) this.#addCarrier();
    const spare = [...this.#nears].slice(this.#count.wanted);
    for (const near of spare) near.destroy();
  }

  #addCarrier(): void {
    const { tunnel } = this.#options;
    const dialled = tunnel.dial?.();
    const [near, far] = dialled ? [dialled] : duplexPair();
    this.#nears.add(near);
    near.once('close', () => {
      this.#nears.delete(near);
      this.#look();
    });
    carryOver(near, (sink) => this.#link.addCarrier(sink));
    if (far) tunnel.carry(far, { alone: true });
  }

  /** A carrier was refused or lost: another one is tried, after a pause that grows. */
  #carrierEnded(code: string): void {
    if (this.#over) return;
    if (this.#options.tunnel.end) return this.#finish(new Problem('REACH_ENDED'));
    this.#failures++;
    const problem =
      this.#tokenProblem ?? new Problem(entryOf(code) ? (code as ProblemCode) : 'AGENT_UNREACHABLE');
    if (this.#isFinal(problem) && !this.#up) return this.#finish(problem);
    if (!this.#wasUp && this.#failures >= firstAttemptsMax)
      return this.#finish(code === 'REACH_DOWN' ? new Problem('AGENT_UNREACHABLE') : problem);
    const { timers, random } = this.#options.effects;
    this.#retry ??= timers.after(this.#failures === 1 ? 0 : fullJitterMs(this.#failures, random), () => {
      this.#retry = undefined;
      this.#fill();
    });
  }

  /** The tunnel has a session again: the pause before the next carrier was for a tunnel without one. */
  #hurry(): void {
    this.#failures = 0;
    if (!this.#retry) return;
    this.#options.effects.timers.cancel(this.#retry);
    this.#retry = undefined;
    this.#fill();
  }

  #isFinal(error: unknown): boolean {
    const { code, kind } = error as { code?: string; kind?: string };
    return kind === 'ended' || kind === 'refused' || final.has(code ?? '');
  }

  #ended(code: EndCode): void {
    this.#finish(new Problem(code));
  }

  #finish(problem: Error, quietly = false): void {
    if (this.#over) return;
    this.#over = problem;
    this.#up = false;
    this.#stopWake?.();
    this.#stopBack?.();
    const { timers } = this.#options.effects;
    for (const timer of [this.#sampling, this.#renewing, this.#retry]) if (timer) timers.cancel(timer);
    this.#link.close();
    this.#look();
    if (!quietly) this.#options.events?.ended?.(problem);
  }
}
