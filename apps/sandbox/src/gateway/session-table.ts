import type { Effects, TimerHandle } from '@sallyport/effects';
import { limits } from '../limits.ts';
import { base32Of } from '../principals/unique-id.ts';
import { AwsError } from '../services/aws-error.ts';
import type { Instance, SessionManagerSettings } from '../world/world.ts';
import type { Loss, Side } from './channel-end.ts';
import { noFaults, type Faults } from './faults.ts';
import type { ChannelTicket, SessionDesk, SessionOrder, SessionView } from './session-desk.ts';
import { SsmSession } from './ssm-session.ts';

/** How often the timers of sessions are looked at, milliseconds. */
const sweepMs = 1000;

/** The agents of the instances. */
export interface Agents {
  /** Puts the instance's agent to work on a new session. */
  start(session: SsmSession): void;
  /** The session is over, and its agent does not know. */
  ended(session: SsmSession): void;
}

/** Which sessions are meant; without members, all. */
export interface Which {
  readonly sessionId?: string | undefined;
  readonly instanceId?: string | undefined;
}

function matches(session: SsmSession, { sessionId, instanceId }: Which): boolean {
  return (
    (sessionId === undefined || session.id === sessionId) &&
    (instanceId === undefined || session.order.instance.id === instanceId)
  );
}

/** All sessions of the gateway, live and past. */
export class SessionTable implements SessionDesk {
  readonly #effects: Effects;
  readonly #settings: SessionManagerSettings;
  readonly #agents: Agents;
  readonly #live = new Map<string, SsmSession>();
  readonly #restarts = new Set<TimerHandle>();
  #past: SessionView[] = [];
  readonly #sweeper: object;
  #cell: string;
  faults: Faults = noFaults;

  constructor(effects: Effects, settings: SessionManagerSettings, agents: Agents) {
    this.#effects = effects;
    this.#settings = settings;
    this.#agents = agents;
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
      onEnd: (ended, agentKnows) => {
        this.#bury(ended);
        if (!agentKnows) this.#agents.ended(ended);
      },
    });
    this.#live.set(session.id, session);
    this.#agents.start(session);
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

  /** Loses the socket of one side, of every session that matches. */
  lose(side: Side, which: Which, how: Loss | 'bye'): void {
    for (const session of [...this.#live.values()])
      if (matches(session, which)) {
        if (how === 'bye') session.bye(side);
        else session.lose(side, how);
      }
  }

  /** Whether a socket that opens now for this session falls into a black hole. */
  swallows(session: SsmSession): boolean {
    const { blackHole } = this.faults;
    return blackHole?.newSockets === true && matches(session, blackHole);
  }

  /** Sets the plan of faults; a black hole takes the sockets that are open now. */
  setFaults(faults: Faults): void {
    this.faults = faults;
    if (faults.blackHole !== null) this.lose('client', faults.blackHole, 'dark');
  }

  /** Ends an instance's agent and brings it back after `downMs`. */
  restartAgent(instance: Instance, downMs: number, sessions: 'failed' | 'silent'): void {
    instance.online = false;
    if (sessions === 'failed') this.loseInstance(instance.id);
    else this.lose('agent', { instanceId: instance.id }, 'gone');
    const timer = this.#effects.timers.after(downMs, () => {
      this.#restarts.delete(timer);
      instance.online = true;
    });
    this.#restarts.add(timer);
  }

  /** Fails the sessions of an instance whose agent is lost. */
  loseInstance(instanceId: string): void {
    for (const session of [...this.#live.values()])
      if (session.order.instance.id === instanceId) session.finish({ state: 'Failed', output: '' });
  }

  /** Ends everything. */
  close(): void {
    this.#effects.timers.cancel(this.#sweeper);
    for (const timer of this.#restarts) this.#effects.timers.cancel(timer);
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
      token: session.issueToken('client'),
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
