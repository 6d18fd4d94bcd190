import type { Effects } from '@sallyport/effects';
import { limits } from '../limits.ts';
import { base32Of } from '../principals/unique-id.ts';
import { AwsError } from '../services/aws-error.ts';
import type { SessionManagerSettings } from '../world/world.ts';
import { noFaults, type Faults } from './faults.ts';
import type { ChannelTicket, SessionDesk, SessionOrder, SessionView } from './session-desk.ts';
import { SsmSession } from './ssm-session.ts';

/** How often the timers of sessions are looked at, milliseconds. */
const sweepMs = 1000;

/** All sessions of the gateway, live and past. */
export class SessionTable implements SessionDesk {
  readonly #effects: Effects;
  readonly #settings: SessionManagerSettings;
  readonly #startAgent: (session: SsmSession) => void;
  readonly #live = new Map<string, SsmSession>();
  #past: SessionView[] = [];
  readonly #sweeper: object;
  #cell: string;
  faults: Faults = noFaults;

  /** `startAgent` puts the instance's agent to work on a new session. */
  constructor(effects: Effects, settings: SessionManagerSettings, startAgent: (session: SsmSession) => void) {
    this.#effects = effects;
    this.#settings = settings;
    this.#startAgent = startAgent;
    this.#cell = this.#newCell();
    this.#sweeper = effects.timers.every(sweepMs, () => this.sweep());
  }

  start(order: SessionOrder): ChannelTicket {
    const onInstance = [...this.#live.values()].filter(
      (session) => session.order.instance.id === order.instance.id,
    );
    if (onInstance.length >= limits.sessionsPerInstanceMax)
      throw AwsError.own('TargetNotConnected', `${order.instance.id} serves as many sessions as it can.`);
    const session = new SsmSession(this.#newId(order.owner.name), order, this.#timesOf(order), {
      effects: this.#effects,
      faults: () => this.faults,
      onEnd: (ended) => this.#bury(ended),
    });
    this.#live.set(session.id, session);
    this.#startAgent(session);
    return this.#ticket(session);
  }

  resume(sessionId: string): ChannelTicket | undefined {
    const session = this.#live.get(sessionId);
    if (session === undefined || this.faults.refuseResume) return undefined;
    if (this.faults.changeCellNumber) this.#cell = this.#newCell();
    return this.#ticket(session);
  }

  terminate(sessionId: string): void {
    this.#live.get(sessionId)?.finish({ state: 'Terminated', output: '' });
  }

  find(sessionId: string): SessionView | undefined {
    return this.#live.get(sessionId)?.view ?? this.#past.find(({ id }) => id === sessionId);
  }

  list(): readonly SessionView[] {
    return [...[...this.#live.values()].map(({ view }) => view), ...this.#past].sort(
      (a, b) => b.startedAt - a.startedAt,
    );
  }

  /** The live session of that id. */
  live(sessionId: string): SsmSession | undefined {
    return this.#live.get(sessionId);
  }

  /** Looks at every session's timers. */
  sweep(): void {
    for (const session of [...this.#live.values()]) session.sweep();
  }

  /** Cuts one side of one session, or of all. */
  cut(side: 'client' | 'agent', sessionId: string | undefined): void {
    for (const session of this.#live.values())
      if (sessionId === undefined || session.id === sessionId) session.cut(side);
  }

  /** Fails the sessions of an instance whose agent is lost. */
  loseInstance(instanceId: string): void {
    for (const session of [...this.#live.values()])
      if (session.order.instance.id === instanceId) session.finish({ state: 'Failed', output: '' });
  }

  /** Ends everything. */
  close(): void {
    this.#effects.timers.cancel(this.#sweeper);
    for (const session of [...this.#live.values()]) session.finish({ state: 'Terminated', output: '' });
  }

  #bury(session: SsmSession): void {
    this.#live.delete(session.id);
    this.#past = [session.view, ...this.#past].slice(0, limits.historyMax);
  }

  #ticket(session: SsmSession): ChannelTicket {
    const path = `/v1/data-channel/${encodeURIComponent(session.id)}`;
    return {
      sessionId: session.id,
      token: session.issueToken(),
      streamPath: `${path}?role=publish_subscribe&cell-number=${encodeURIComponent(this.#cell)}`,
    };
  }

  /** Idle and longest time: the document's inputs, else the account's preferences. */
  #timesOf({ document }: SessionOrder): { idleMs: number; longestMs: number | undefined } {
    const minutes = (name: string): number | undefined => {
      const value = Number(document.content.inputs?.[name] ?? NaN);
      return Number.isFinite(value) && value > 0 ? value * 60_000 : undefined;
    };
    return {
      idleMs: minutes('idleSessionTimeout') ?? this.#settings.idleMs,
      longestMs: minutes('maxSessionDuration') ?? this.#settings.longestMs,
    };
  }

  #newId(name: string): string {
    const bytes = this.#effects.random.bytes(26);
    const suffix =
      this.#settings.sessionIdForm === 'hex17'
        ? `0${Buffer.from(bytes).toString('hex').slice(0, 16)}`
        : base32Of(bytes, 26).toLowerCase();
    return `${name}-${suffix}`;
  }

  #newCell(): string {
    return Buffer.from(this.#effects.random.bytes(57)).toString('base64');
  }
}
