import type { Duplex } from 'node:stream';
import type { TimerHandle } from '@sallyport/effects';
import { fullJitterMs } from './backoff.ts';
import type { Traffic } from './control-plane.ts';
import { breakOff } from './local-connection.ts';
import { MemberLoad } from './member-load.ts';
import type { MemberHost, Recovery } from './member-host.ts';
import { PoolMember } from './pool-member.ts';
import type { SessionSnapshot } from './snapshot.ts';
import type { LossReason } from './tunnel-options.ts';

/** What the tunnel hands its pool; the pool itself answers the rest of what a member asks. */
export interface PoolHost extends Pick<
  MemberHost,
  | 'ports'
  | 'rules'
  | 'leases'
  | 'desk'
  | 'started'
  | 'connectionsLost'
  | 'destinationRefused'
  | 'grantStands'
  | 'leaseGiven'
  | 'obstacle'
  | 'end'
> {
  /** No member is left that carries anything. */
  down(reason: LossReason): void;
  /** A member is back (or another one came up) after {@link down}. */
  up(how: Recovery): void;
  gatewayChanged(from: string, to: string): void;
}

export interface PoolOptions {
  readonly sessionsMax: number;
  readonly whileDown: 'wait' | 'refuse';
}

/** Connections that wait for a session, and for how long; then they are reset. */
const waitingMax = 64;
const waitMs = 30_000;
/** A connection that comes while the one before is just going needs no session more. */
const growAfterMs = 30;
/** How long a connection waits for a session of its own while busy ones could take it, and while only quiet ones could. */
const ownSessionWithinMs = { busy: 2_500, quiet: 1_000 };
/** Up to so many sessions no two connections share one: what is quiet now may be beside bulk in a moment, and cannot move. */
const unsharedMax = 3;
/** A member without connections ends after this long, unless it is the first. */
const idleMs = 60_000;
const sampleMs = 1_000;

interface Waiting {
  readonly local: Duplex;
  timer: TimerHandle;
  /** Takes any member from now on. */
  content: boolean;
  /** Takes only a member that carries nothing else. */
  readonly alone: boolean;
}

/** The sessions of one tunnel: places connections, grows and shrinks by need. */
export class SessionPool {
  readonly #host: PoolHost;
  readonly #options: PoolOptions;
  readonly #members: PoolMember[] = [];
  readonly #loads = new Map<PoolMember, MemberLoad>();
  readonly #waiting: Waiting[] = [];
  /** Who wants to know where a connection ends. */
  readonly #placed = new WeakMap<Duplex, (instanceId: string) => void>();
  readonly #reconnects: Partial<Record<LossReason, number>> = {};
  /** Bytes of members that are gone. */
  #before: Traffic = { bytesUp: 0, bytesDown: 0 };
  #sampling: TimerHandle | undefined;
  #instanceId: string | undefined;
  #down = false;
  #resumed = true;
  #opened = false;
  #closed = false;
  /** Growth failed so often in a row, and rests until then. */
  #growthFailures = 0;
  #growthRestsUntil = Number.NEGATIVE_INFINITY;

  constructor(host: PoolHost, options: PoolOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Starts the first session; refuses with what stood in the way. */
  async open(): Promise<void> {
    const first = this.#add();
    await first.start();
    this.#opened = true;
    this.#sampling = this.#host.ports.effects.timers.every(sampleMs, () => this.#sample());
    this.#serve();
  }

  get isDown(): boolean {
    return this.#down;
  }
  /** The session that the control plane is told of: the first that lives. */
  get primarySessionId(): string | null {
    return this.#members.find(({ ssmSessionId }) => ssmSessionId !== null)?.ssmSessionId ?? null;
  }
  get traffic(): Traffic {
    return this.#members.reduce(add, this.#before);
  }
  get flows(): number {
    return this.#members.reduce((sum, { flows }) => sum + flows, this.#waiting.length);
  }
  get sessions(): readonly SessionSnapshot[] {
    return this.#members.map(({ snapshot }) => snapshot);
  }
  get reconnects(): Readonly<Partial<Record<LossReason, number>>> {
    return this.#reconnects;
  }
  get limitedBySession(): boolean {
    return [...this.#loads.values()].some(({ atPaceLimit }) => atPaceLimit);
  }

  /**
   * Carries a local connection: at once, or when a session is there for it; `alone`: over a session that carries nothing else. `placed` is told on which
   * instance that session ends.
   */
  carry(local: Duplex, alone = false, placed?: (instanceId: string) => void): void {
    if (placed) this.#placed.set(local, placed);
    // Errors of a local program's connection end that connection and nothing else; `close` follows.
    local.on('error', (error: NodeJS.ErrnoException) =>
      this.#host.ports.debug('local', { error: error.code ?? 'failed' }),
    );
    const refuse = this.#down && this.#options.whileDown === 'refuse';
    if (this.#closed || refuse || this.#waiting.length >= waitingMax) return breakOff(local);
    if (alone ? this.#placeAlone(local) : this.#placeWell(local)) return;
    this.#wait(local, alone);
    this.#host.ports.effects.timers.after(growAfterMs, () => this.#grow());
  }

  /** The machine woke or its network changed: nothing is taken for granted any more. */
  nudge(reason: LossReason, patienceMs: number): void {
    this.#host.leases.forget();
    this.#growthRestsUntil = Number.NEGATIVE_INFINITY;
    for (const member of [...this.#members]) member.nudge(reason, patienceMs);
  }

  /** There is reason to believe that the network is back: those that are lost are got back at once. */
  hurry(): void {
    this.#host.leases.forget();
    for (const member of [...this.#members]) if (member.state === 'reconnecting') member.hurry();
  }

  /** Asks every agent to end its session and stops all attempts. Tells which sessions AWS has yet to end. */
  depart(): readonly string[] {
    this.#closed = true;
    const sessionIds = this.#members.flatMap(({ ssmSessionId }) => ssmSessionId ?? []);
    for (const member of this.#members) {
      member.flag();
      if (member.state !== 'open') member.close();
    }
    return sessionIds;
  }

  /** Cuts everything. The sessions at AWS are the caller's to end. */
  close(): void {
    this.#closed = true;
    if (this.#sampling) this.#host.ports.effects.timers.cancel(this.#sampling);
    for (const member of this.#members) member.close();
    for (const waiting of this.#waiting.splice(0)) this.#give(waiting, undefined);
  }

  #add(): PoolMember {
    const member: PoolMember = new PoolMember({
      ...this.#host,
      changed: () => this.#changed(),
      lost: (_member, reason) => {
        this.#reconnects[reason] = (this.#reconnects[reason] ?? 0) + 1;
        this.#judgeDown(reason);
      },
      recovered: (_member, how) => this.#judgeUp(how),
      connectionsLost: (count) => {
        this.#resumed = false;
        this.#host.connectionsLost(count);
      },
      wanted: (asked) => this.#wanted(asked),
      retired: (gone) => this.#remove(gone),
      using: (instanceId) => this.#using(instanceId),
    });
    this.#members.push(member);
    this.#loads.set(member, new MemberLoad());
    return member;
  }

  #remove(member: PoolMember): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    this.#loads.delete(member);
    this.#before = add(this.#before, member);
  }

  #using(instanceId: string): void {
    const from = this.#instanceId;
    this.#instanceId = instanceId;
    if (from !== undefined && from !== instanceId) this.#host.gatewayChanged(from, instanceId);
  }

  #judgeDown(reason: LossReason): void {
    if (this.#down || this.#members.some(({ state }) => state === 'open')) return;
    this.#down = true;
    this.#host.down(reason);
  }

  #judgeUp(how: Recovery): void {
    if (!this.#down) return;
    this.#down = false;
    const resumed = how === 'resumed' && this.#resumed;
    this.#resumed = true;
    this.#host.up(resumed ? 'resumed' : 'fresh');
  }

  #changed(): void {
    if (this.#closed || !this.#opened) return;
    if (this.#waiting.length > 0) this.#serve();
  }

  /** Worth getting back: it has connections that may live on, or nothing else would carry new ones. */
  #wanted(asked: PoolMember): boolean {
    if (asked.flows > 0) return true;
    if (this.#members.some((member) => member !== asked && member.state === 'open')) return false;
    return this.#members.find(({ state }) => state === 'reconnecting') === asked;
  }

  /** Open members, the best for a new connection first: without bulk, then few connections, then a short queue. */
  #candidates(): PoolMember[] {
    const busy = (member: PoolMember) => Number(this.#loads.get(member)?.busy ?? false);
    return this.#members
      .filter(({ state }) => state === 'open')
      .sort((a, b) => busy(a) - busy(b) || a.talking - b.talking || a.queued - b.queued);
  }

  #placeAnyhow(local: Duplex): boolean {
    return this.#candidates().some((member) => this.#tryOn(member, local));
  }

  /** Places a connection where it neither suffers from bulk nor shares with what may turn out to be bulk. */
  #placeWell(local: Duplex): boolean {
    if (this.#options.sessionsMax === 1 || !this.#mayGrow()) return this.#placeAnyhow(local);
    return this.#candidates().some((member) => this.#isQuiet(member) && this.#tryOn(member, local));
  }

  #placeAlone(local: Duplex): boolean {
    return this.#candidates().some((member) => member.flows === 0 && this.#tryOn(member, local));
  }

  #isQuiet(member: PoolMember): boolean {
    return member.talking === 0 || (this.#members.length >= unsharedMax && this.#carriesLittle(member));
  }

  #carriesLittle(member: PoolMember): boolean {
    return this.#loads.get(member)?.quiet(this.#host.ports.effects.clock.monotonic()) ?? false;
  }

  #tryOn(member: PoolMember, local: Duplex): boolean {
    if (!member.carry(local)) return false;
    this.#loads.get(member)?.placed(this.#host.ports.effects.clock.monotonic());
    const { instanceId } = member.snapshot;
    if (instanceId !== null) this.#placed.get(local)?.(instanceId);
    return true;
  }

  #wait(local: Duplex, alone: boolean): void {
    const { timers } = this.#host.ports.effects;
    const couldShare = this.#candidates().some((member) => this.#carriesLittle(member));
    const patienceMs = couldShare ? ownSessionWithinMs.quiet : ownSessionWithinMs.busy;
    const waiting: Waiting = {
      local,
      alone,
      content: false,
      timer: timers.after(patienceMs, () => {
        waiting.content = true;
        waiting.timer = timers.after(waitMs - patienceMs, () => this.#give(waiting, undefined));
        this.#serve();
      }),
    };
    this.#waiting.push(waiting);
    local.once('close', () => this.#forget(waiting));
  }

  #forget(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#host.ports.effects.timers.cancel(waiting.timer);
  }

  /** Places a waiting connection, or tells it the truth. */
  #give(waiting: Waiting, member: PoolMember | undefined): boolean {
    if (member && !this.#tryOn(member, waiting.local)) return false;
    this.#forget(waiting);
    this.#host.ports.effects.timers.cancel(waiting.timer);
    if (!member) breakOff(waiting.local);
    return true;
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      const anyhow = waiting.content || (this.#starting === 0 && !this.#mayGrow());
      const fit = this.#candidates().filter((member) =>
        waiting.alone ? member.flows === 0 : anyhow || this.#isQuiet(member),
      );
      fit.some((member) => this.#give(waiting, member));
    }
  }

  #mayGrow(): boolean {
    if (this.#closed || this.#down || !this.#opened) return false;
    if (this.#members.length >= this.#options.sessionsMax) return false;
    return this.#host.ports.effects.clock.monotonic() >= this.#growthRestsUntil;
  }

  get #starting(): number {
    return this.#members.filter(({ state }) => state === 'starting').length;
  }

  /** A session for each connection that waits, as far as there may be. */
  #grow(): void {
    while (this.#starting < this.#waiting.length && this.#mayGrow()) void this.#growByOne();
    this.#serve();
  }

  async #growByOne(): Promise<void> {
    const member = this.#add();
    try {
      await member.start();
      this.#growthFailures = 0;
    } catch (error) {
      this.#remove(member);
      if (this.#closed) return;
      const { clock, random } = this.#host.ports.effects;
      const rest = 1_000 + fullJitterMs(++this.#growthFailures, random);
      this.#growthRestsUntil = clock.monotonic() + rest;
      this.#host.ports.debug('pool', {
        failed: (error as { code?: string }).code ?? 'unknown',
        restMs: rest,
      });
    }
    // One that came up while all others were lost ends the waiting, too.
    if (this.#members.some(({ state }) => state === 'open')) this.#judgeUp('fresh');
    this.#serve();
  }

  /** Measures what each member carries, and ends those that have had nothing to carry. */
  #sample(): void {
    const now = this.#host.ports.effects.clock.monotonic();
    for (const [member, load] of this.#loads) load.sample(now, member);
    for (const member of this.#members.slice(1))
      if (member.state === 'open' && (this.#loads.get(member)?.idleFor(now) ?? 0) >= idleMs) member.retire();
    this.#changed();
  }
}

function add(sum: Traffic, { traffic }: { traffic: Traffic } | PoolMember): Traffic {
  return { bytesUp: sum.bytesUp + traffic.bytesUp, bytesDown: sum.bytesDown + traffic.bytesDown };
}
