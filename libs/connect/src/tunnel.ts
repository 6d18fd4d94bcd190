import type { Duplex } from 'node:stream';
import type { ApiProblem, Lease } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { CloseReason, Traffic } from './control-plane.ts';
import { Admission } from './admission.ts';
import { sayFarewell } from './farewell.ts';
import { GrantClock } from './grant-clock.ts';
import { Heartbeat } from './heartbeat.ts';
import { LeaseSource } from './lease-source.ts';
import { breakOff } from './local-connection.ts';
import { listenLocally, type LocalListener } from './local-listener.ts';
import type { Recovery } from './member-host.ts';
import { RateMeter } from './rate-meter.ts';
import { SessionDesk } from './session-desk.ts';
import { SessionPool } from './session-pool.ts';
import { healthOf, type TunnelSnapshot } from './snapshot.ts';
import { endByOrder, orderOfGrant, type TunnelEnd } from './tunnel-end.ts';
import type {
  CarryWish,
  LossReason,
  TunnelEvents,
  TunnelOptions,
  TunnelPorts,
  TunnelState,
  WakeEvent,
} from './tunnel-options.ts';

const sessionsMax = 8;
/** Getting a session back does not wait longer than this for the control plane's word that the grant stands. */
const standsWithinMs = 2_000;
/** After sleep or a network change a living peer answers a ping within this. */
const provesItselfWithinMs = 5_000;
/** Telling the control plane of the end takes no longer than this. */
const tellWithinMs = 2_500;
const sampleMs = 1_000;

/** A working local port against a grant, kept working until the grant ends or somebody closes it. */
export class Tunnel {
  readonly grantId: string;
  readonly ended: Promise<TunnelEnd>;
  readonly #options: TunnelOptions;
  readonly #ports: TunnelPorts;
  readonly #events: TunnelEvents;
  readonly #closing = new AbortController();
  readonly #leases: LeaseSource;
  readonly #desk: SessionDesk;
  readonly #pool: SessionPool;
  readonly #grantClock: GrantClock;
  readonly #rates = new RateMeter();
  readonly #admission: Admission;
  readonly #backs = new Set<() => void>();
  /** How to stop what was begun. */
  readonly #stops: (() => void)[] = [];
  #resolveEnded: (end: TunnelEnd) => void = () => undefined;
  #state: TunnelState = 'opening';
  #listener: LocalListener | undefined;
  #session: { readonly id: string; readonly endsAt: string } | undefined;
  #heartbeat: Heartbeat | undefined;
  /** The loss that is being made good, and whether it was told. */
  #lost: { readonly reason: LossReason; readonly at: number; told: boolean; obstacle: string } | undefined;
  /** Why the connection was lost, until a control plane has heard of it that knows it to be back. */
  #untold: LossReason | undefined;
  #end: TunnelEnd | undefined;

  private constructor(options: TunnelOptions, ports: TunnelPorts, events: TunnelEvents) {
    this.grantId = options.grantId;
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#admission = new Admission(ports, options.admit, (socket) => this.carry(socket));
    this.#leases = new LeaseSource(ports, options.grantId);
    this.#desk = new SessionDesk(ports, options.rules);
    this.#grantClock = new GrantClock(ports.effects, {
      warning: (secondsLeft) => events.warning?.(secondsLeft),
      over: () => void this.#atEnd(),
      silent: () => void this.#finish(endByOrder({ code: 'GRANT_ENDED', reason: 'expired', comment: null })),
    });
    this.#pool = new SessionPool(
      {
        ports,
        rules: options.rules,
        leases: this.#leases,
        desk: this.#desk,
        started: () => this.#state === 'opening' && events.progress?.('channel'),
        down: (reason) => this.#down(reason),
        up: (how) => this.#up(how),
        grantStands: () => this.#grantStands(),
        leaseGiven: () => this.#tellReconnecting(),
        obstacle: (code) => this.#obstacle(code),
        gatewayChanged: (from, to) => events.gatewayChanged?.(from, to),
        connectionsLost: (count) => this.#end ?? events.connectionsLost?.(count),
        destinationRefused: () => events.destinationRefused?.(),
        end: (end) => void this.#finish(end),
      },
      {
        sessionsMax: options.pool?.sessionsMax ?? sessionsMax,
        whileDown: options.whileDown ?? 'wait',
      },
    );
  }

  /**
   * Opens a tunnel: local port, lease, session, channel, handshake. Resolves when connections are carried; refuses with the first problem met and
   * leaves nothing behind.
   */
  static async open(
    options: TunnelOptions,
    ports: TunnelPorts,
    events: TunnelEvents = {},
    signal?: AbortSignal,
  ): Promise<Tunnel> {
    const tunnel = new Tunnel(options, ports, events);
    const abandon = () => tunnel.#closing.abort(signal?.reason);
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      signal?.throwIfAborted();
      await tunnel.#establish();
    } catch (error) {
      const { aborted } = tunnel.#closing.signal;
      const reason: unknown = tunnel.#closing.signal.reason;
      await tunnel.#finish({ reason: aborted ? 'client_exit' : 'error', order: null, problem: null });
      throw aborted ? reason : error;
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
    return tunnel;
  }

  get state(): TunnelState {
    return this.#state;
  }
  /** Id of the Session in the control plane. */
  get sessionId(): string {
    return this.#session?.id ?? '';
  }
  get endsAt(): string {
    return this.#session?.endsAt ?? '';
  }
  /** Empty when it does not listen on a port. */
  get host(): string {
    return this.#listener?.host ?? '';
  }
  /** 0 when it does not listen on a port. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }
  /** The socket file it listens on, or null. */
  get socketPath(): string | null {
    return this.#listener?.path ?? null;
  }
  /** What is reached, as the latest lease says. */
  get resource(): Lease['resource'] | undefined {
    return this.#leases.latest?.resource;
  }
  /** The lease that came last, useful or not. */
  get lease(): Lease | undefined {
    return this.#leases.latest;
  }
  get traffic(): Traffic {
    return this.#pool.traffic;
  }
  /** How it ended, or is about to; undefined while it lives. */
  get end(): TunnelEnd | undefined {
    return this.#end;
  }

  /** The tunnel as it is now, for `ps` and metrics. */
  snapshot(): TunnelSnapshot {
    const sessions = this.#pool.sessions;
    const trips = sessions.flatMap(({ rttMs }) => rttMs ?? []);
    const rttMs = trips.length > 0 ? Math.min(...trips) : null;
    const { host, port, endsAt } = this;
    const { reconnects, flows, limitedBySession } = this.#pool;
    return {
      ...{ state: this.#state, host, port, endsAt, rttMs, flows, sessions, limitedBySession },
      ...this.traffic,
      ...this.#rates.rates,
      reconnects: { ...reconnects },
      health: healthOf({ down: this.#pool.isDown, limited: limitedBySession, rttMs }),
    };
  }

  /**
   * Carries a local connection of any kind as if it had been accepted by the listener. It should be half-open where it can (`allowHalfOpen`),
   * so that the answer to a last word still arrives. Destroyed at once when the tunnel is over. `alone`: over a session that carries nothing else; `placed` is told, at
   * once or later, on which instance the session ends that took it.
   */
  carry(local: Duplex, { alone = false, placed }: CarryWish = {}): void {
    if (this.#end) return breakOff(local);
    this.#pool.carry(local, alone, placed);
  }

  /** A lease that is good for beginning something with, shared with the tunnel's own sessions. */
  freshLease(signal: AbortSignal): Promise<Lease> {
    return this.#leases.useful(signal);
  }

  /** Tells each time that a session is there again after none was. Returns how to stop listening. */
  onBack(listener: () => void): () => void {
    this.#backs.add(listener);
    return () => this.#backs.delete(listener);
  }

  /** Asks the control plane whether the tunnel may go on; afterwards {@link end} tells. */
  async ask(): Promise<void> {
    if (!this.#end) await this.#heartbeat?.beat();
  }

  /** Closes the tunnel in order; resolves when AWS and the control plane know, or could not be told within 3 s. */
  async close(reason: CloseReason = 'client_exit'): Promise<TunnelEnd> {
    return this.#finish({ reason, order: null, problem: null });
  }

  async #establish(): Promise<void> {
    const { controlPlane, effects } = this.#ports;
    const { signal } = this.#closing;
    const done = (step: Parameters<NonNullable<TunnelEvents['progress']>>[0]) =>
      this.#events.progress?.(step);
    this.#listener = await listenLocally(
      this.#options.listen,
      (socket) => void this.#admission.judge(socket),
    );
    done('port');
    const lease = await this.#leases.patiently(signal);
    // Judged before anything is opened: a session that nothing can be started for is none.
    this.#desk.endpoint(lease);
    done('lease');
    this.#session = await controlPlane.openSession(
      {
        grantId: this.grantId,
        leaseId: lease.id,
        clientVersion: this.#options.clientVersion,
        localPort: this.port || null,
      },
      signal,
    );
    done('session');
    signal.addEventListener('abort', () => this.#pool.close(), { once: true });
    await this.#pool.open();
    signal.throwIfAborted();
    this.#watch();
    // What was just opened can be lost in the same breath.
    this.#setState(this.#pool.isDown ? 'reconnecting' : 'open');
    done('ready');
    this.#grantClock.set(this.endsAt);
    const sampling = effects.timers.every(sampleMs, () =>
      this.#rates.sample(effects.clock.monotonic(), this.traffic),
    );
    this.#stops.push(() => effects.timers.cancel(sampling));
  }

  /** Begins to listen to whatever may end the tunnel or make its connections suspect. */
  #watch(): void {
    const heartbeat = new Heartbeat(
      this.#ports,
      this.sessionId,
      () => ({
        state: this.#state === 'reconnecting' ? 'reconnecting' : 'open',
        ssmSessionId: this.#pool.primarySessionId,
        lost: this.#untold ?? null,
        ...this.traffic,
      }),
      {
        ordered: (order) => void this.#finish(endByOrder(order)),
        refused: (problem) => void this.#refused(problem),
        reachedAgain: () => this.#state === 'reconnecting' && this.#pool.hurry(),
        answered: (endsAt, { state, lost }) => {
          if (state === 'open' && lost !== null) this.#untold = undefined;
          this.#endsAt(endsAt);
        },
      },
    );
    this.#heartbeat = heartbeat;
    heartbeat.start();
    const stopHints = this.#ports.onHint?.(({ topic, id }) => {
      if (topic === 'hello' || id === this.grantId) void heartbeat.beat();
      else if (id === this.#session?.id) heartbeat.hinted();
    });
    const stopWake = this.#ports.onWake?.((event) => this.#woke(event));
    this.#stops.push(
      () => heartbeat.stop(),
      () => stopHints?.(),
      () => stopWake?.(),
      () => this.#grantClock.stop(),
    );
    void heartbeat.beat();
  }

  /** The control plane no longer takes beats: because the grant ended, or for a reason of its own. */
  async #refused(problem: ApiProblem): Promise<void> {
    const grant = await this.#ports.controlPlane.readGrant(this.grantId).catch(() => undefined);
    const order = grant && orderOfGrant(grant);
    await this.#finish(order ? endByOrder(order) : { reason: 'error', order: null, problem });
  }

  #woke(event: WakeEvent): void {
    if (this.#end) return;
    this.#ports.debug('wake', { ...event });
    this.#pool.nudge(event.what === 'woke' ? 'woke' : 'network_changed', provesItselfWithinMs);
    if (event.what === 'woke') this.#grantClock.woke();
    else this.#grantClock.rearm();
    void this.#heartbeat?.beat();
  }

  #down(reason: LossReason): void {
    const at = this.#ports.effects.clock.monotonic();
    this.#lost = { reason, at, told: false, obstacle: '' };
    this.#untold = reason;
    if (!this.#end) this.#setState('reconnecting');
  }

  #up(how: Recovery): void {
    const lost = this.#lost;
    this.#lost = undefined;
    if (this.#end || !lost) return;
    this.#setState('open');
    for (const back of this.#backs) back();
    this.#events.recovered?.(this.#ports.effects.clock.monotonic() - lost.at, how);
    void this.#heartbeat?.beat();
  }

  /**
   * The grant may be why a session ended: then this beat brings the order to close. Only when the grant stands is there anything to get back; a
   * control plane that does not answer says so with the next lease.
   */
  async #grantStands(): Promise<boolean> {
    const patience = new AbortController();
    const answer = await Promise.race([
      this.#heartbeat?.beat(),
      this.#ports.effects.timers.wait(standsWithinMs, patience.signal).catch(() => undefined),
    ]);
    patience.abort();
    if (answer === 'go-on') this.#tellReconnecting();
    return answer !== 'over' && !this.#end;
  }

  #tellReconnecting(): void {
    if (!this.#lost || this.#lost.told || this.#end) return;
    this.#lost.told = true;
    this.#events.reconnecting?.(this.#lost.reason);
  }

  #obstacle(code: string): void {
    if (!this.#lost || this.#lost.obstacle === code) return;
    this.#lost.obstacle = code;
    this.#events.obstacle?.(code);
  }

  #endsAt(endsAt: string): void {
    if (!this.#session || this.#end) return;
    this.#session = { ...this.#session, endsAt };
    this.#grantClock.set(endsAt);
  }

  /** At the end of the grant the control plane is asked; if it is silent, our own clock cuts. */
  async #atEnd(): Promise<void> {
    const answer = await this.#heartbeat?.beat();
    if (this.#end) return;
    if (answer !== undefined && answer !== 'none') this.#grantClock.answered();
    this.#grantClock.rearm();
  }

  #setState(state: TunnelState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#ports.debug('tunnel', { state });
    this.#events.state?.(state);
  }

  async #finish(end: TunnelEnd): Promise<TunnelEnd> {
    if (this.#end) return this.ended;
    this.#end = end;
    this.#setState('closing');
    for (const stop of this.#stops) stop();
    // An order cuts first and tidies afterwards.
    if (end.order || end.problem) this.#pool.close();
    this.#admission.close();
    const listening = this.#listener?.close();
    const told = this.#tellControlPlane(end.reason, this.traffic);
    if (!end.order)
      await sayFarewell(this.#ports, { pool: this.#pool, leases: this.#leases, desk: this.#desk });
    this.#closing.abort(new Problem('CHANNEL_LOST'));
    this.#pool.close();
    this.#leases.forget();
    await Promise.all([listening, told]);
    this.#setState('closed');
    this.#resolveEnded(end);
    return end;
  }

  /** Closes the Session in the control plane. It may be away, or have closed it itself; it then notices by the missing heartbeat. */
  async #tellControlPlane(reason: CloseReason, traffic: Traffic): Promise<void> {
    if (!this.#session) return;
    const { controlPlane, effects, debug } = this.#ports;
    const patience = new AbortController();
    const told = controlPlane
      .closeSession(this.#session.id, { reason, ...traffic })
      .catch((error: unknown) => debug('session', { close: (error as { code?: string }).code ?? 'failed' }));
    await Promise.race([told, effects.timers.wait(tellWithinMs, patience.signal).catch(() => undefined)]);
    patience.abort();
  }
}
