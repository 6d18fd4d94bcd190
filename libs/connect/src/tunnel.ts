import type { Socket } from 'node:net';
import type { ApiProblem, Lease } from '@sallyport/api-client';
import type { Effects, TimerHandle } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { ClientEnd } from '@sallyport/ssm-protocol';
import type { CloseOrder, CloseReason, Traffic } from './control-plane.ts';
import { checkStreamUrl, endpointFor, type Endpoint } from './endpoint.ts';
import { sayFarewell } from './farewell.ts';
import { Heartbeat } from './heartbeat.ts';
import { listenLocally, type LocalListener } from './local-listener.ts';
import { PortChannel } from './port-channel.ts';
import { signUpgrade } from './sign-upgrade.ts';
import type { StartedSession } from './ssm-sessions.ts';
import { endFor, orderOfGrant, problemOf, type TunnelEnd } from './tunnel-end.ts';
import type { TunnelEvents, TunnelOptions, TunnelPorts, TunnelState } from './tunnel-options.ts';

/** Getting a lost session back is tried for this long. */
const reconnectWithinMs = 60_000;
const firstRetryMs = 500;
const longestRetryMs = 8_000;
/** Sessions that end right after they began are followed by at most this many fresh ones. */
const freshSessionsMax = 3;
const shortLivedMs = 10_000;
/** Connections that wait for a session; more are refused. */
const earlyConnectionsMax = 64;
/** The clock says the grant is over and the control plane is silent: then our clock decides. */
const silentEndMs = 2_000;

/** A working local port against a grant, kept working until the grant ends or somebody closes it. */
export class Tunnel {
  readonly grantId: string;
  readonly #options: TunnelOptions;
  readonly #ports: TunnelPorts;
  readonly #events: TunnelEvents;
  readonly #closing = new AbortController();
  readonly ended: Promise<TunnelEnd>;
  #resolveEnded: (end: TunnelEnd) => void = () => undefined;
  #state: TunnelState = 'opening';
  #listener: LocalListener | undefined;
  #lease: Lease | undefined;
  #session: { id: string; endsAt: string } | undefined;
  #channel: PortChannel | undefined;
  #ssmSessionId: string | null = null;
  #channelSince = 0;
  #shortLived = 0;
  #heartbeat: Heartbeat | undefined;
  #stopHints: (() => void) | undefined;
  #endTimer: TimerHandle | undefined;
  /** Bytes of sessions before the present one. */
  #before: Traffic = { bytesUp: 0, bytesDown: 0 };
  #early: Socket[] = [];
  #reconnecting = false;
  #end: TunnelEnd | undefined;

  private constructor(options: TunnelOptions, ports: TunnelPorts, events: TunnelEvents) {
    this.grantId = options.grantId;
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
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
      await tunnel.#finish({
        reason: tunnel.#closing.signal.aborted ? 'client_exit' : 'error',
        order: null,
        problem: null,
      });
      throw error;
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
  get host(): string {
    return this.#listener?.host ?? '';
  }
  get port(): number {
    return this.#listener?.port ?? 0;
  }
  /** What is reached, as the lease says. */
  get resource(): Lease['resource'] | undefined {
    return this.#lease?.resource;
  }
  get traffic(): Traffic {
    const now = this.#channel?.traffic ?? { bytesUp: 0, bytesDown: 0 };
    return { bytesUp: this.#before.bytesUp + now.bytesUp, bytesDown: this.#before.bytesDown + now.bytesDown };
  }

  /** How it ended, or is about to; undefined while it lives. */
  get end(): TunnelEnd | undefined {
    return this.#end;
  }

  /** Asks the control plane whether the tunnel may go on; afterwards {@link end} tells. */
  async ask(): Promise<void> {
    if (!this.#end) await this.#heartbeat?.beat();
  }

  /** Closes the tunnel in order; resolves when AWS and the control plane know, or could not be told. */
  async close(reason: CloseReason = 'client_exit'): Promise<TunnelEnd> {
    return this.#finish({ reason, order: null, problem: null });
  }

  async #establish(): Promise<void> {
    const { controlPlane, effects } = this.#ports;
    const { signal } = this.#closing;
    this.#listener = await listenLocally(this.#options.ports, (socket) => this.#accept(socket));
    const lease = await this.#freshLease();
    const endpoint = endpointFor(lease, this.#options.rules);
    this.#session = await controlPlane.openSession(
      {
        grantId: this.grantId,
        leaseId: lease.id,
        clientVersion: this.#options.clientVersion,
        localPort: this.#listener.port,
      },
      signal,
    );
    await this.#startSession(lease, endpoint);
    this.#heartbeat = new Heartbeat(
      this.#ports,
      this.#session.id,
      () => ({
        state: this.#state === 'reconnecting' ? 'reconnecting' : 'open',
        ssmSessionId: this.#ssmSessionId,
        ...this.traffic,
      }),
      {
        ordered: (order) =>
          void this.#finish({
            reason: order.reason === 'revoked' ? 'revoked' : 'grant_ended',
            order,
            problem: null,
          }),
        refused: (problem) => void this.#refused(problem),
        answered: (endsAt) => this.#endsAt(endsAt),
      },
    );
    this.#setState('open');
    this.#heartbeat.start();
    this.#stopHints = this.#ports.onHint?.(({ topic, id }) => {
      if (topic === 'hello' || id === this.grantId) void this.#heartbeat?.beat();
      else if (id === this.#session?.id) this.#heartbeat?.hinted();
    });
    void this.#heartbeat.beat();
    this.#armEnd(effects);
  }

  /** Connections that come while there is no session wait for the next one. */
  #accept(socket: Socket): void {
    if (this.#state === 'open' && this.#channel && !this.#channel.over) return this.#channel.carry(socket);
    if (this.#end || this.#early.length >= earlyConnectionsMax) return void socket.resetAndDestroy();
    socket.on('error', () => socket.destroy());
    this.#early.push(socket);
  }

  /** The control plane no longer takes beats: because the grant ended, or for a reason of its own. */
  async #refused(problem: ApiProblem): Promise<void> {
    const grant = await this.#ports.controlPlane.readGrant(this.grantId).catch(() => undefined);
    const order = grant && orderOfGrant(grant);
    await this.#finish(
      order
        ? { reason: order.reason === 'revoked' ? 'revoked' : 'grant_ended', order, problem: null }
        : { reason: 'error', order: null, problem },
    );
  }

  async #freshLease(): Promise<Lease> {
    const lease = await this.#ports.controlPlane.issueLease(this.grantId, this.#closing.signal);
    this.#ports.debug('lease', { id: lease.id, usefulUntil: lease.usefulUntil });
    return (this.#lease = lease);
  }

  /** A fresh session with a fresh channel; local connections of the one before are gone. */
  async #startSession(lease: Lease, endpoint: Endpoint): Promise<void> {
    const { ssm, effects, debug } = this.#ports;
    const { signal } = this.#closing;
    const started = await ssm.start(lease, endpoint, signal);
    debug('ssm', { call: 'StartSession', session: started.sessionId });
    this.#ssmSessionId = started.sessionId;
    this.#before = this.traffic;
    let settle: (error?: Error) => void = () => undefined;
    const ready = new Promise<void>(
      (resolve, reject) => (settle = (error) => (error ? reject(error) : resolve())),
    );
    const channel = new PortChannel(
      effects,
      {
        ready: () => settle(),
        destinationRefused: () => this.#events.destinationRefused?.(),
        lost: () => (settle(new Problem('CHANNEL_LOST')), this.#lost(channel)),
        ended: (end) => (settle(problemOf(end)), this.#channelEnded(channel, end)),
      },
      debug,
    );
    this.#channel = channel;
    this.#channelSince = effects.clock.monotonic();
    const abandon = () => settle(signal.reason as Error);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await this.#attach(channel, lease, endpoint, started);
      await ready;
    } catch (error) {
      // Nobody waits for the handshake any more.
      ready.catch(() => undefined);
      channel.cut();
      throw error;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  async #attach(
    channel: PortChannel,
    lease: Lease,
    endpoint: Endpoint,
    started: StartedSession,
  ): Promise<void> {
    const { transport, effects, debug } = this.#ports;
    const url = checkStreamUrl(started.streamUrl, started.sessionId, endpoint, this.#options.rules);
    const headers = await signUpgrade(url, lease, new Date(effects.clock.now()));
    debug('gateway', { host: url.host, signed: Object.keys(headers).length > 0 });
    const connection = await transport.open(url, headers, channel.sink(), this.#closing.signal);
    channel.attach(connection, started.token);
  }

  #lost(channel: PortChannel): void {
    if (channel === this.#channel && this.#state === 'open') void this.#reconnect();
  }

  #channelEnded(channel: PortChannel, end: ClientEnd): void {
    if (channel !== this.#channel || this.#state !== 'open') return;
    this.#ports.debug('ssm', { session: this.#ssmSessionId, ended: end.cause });
    const age = this.#ports.effects.clock.monotonic() - this.#channelSince;
    this.#shortLived = age < shortLivedMs ? this.#shortLived + 1 : 0;
    if (this.#shortLived > freshSessionsMax) {
      void this.#finish({ reason: 'gateway_lost', order: null, problem: problemOf(end) });
    } else void this.#reconnect();
  }

  /** Resume once with a fresh lease, then a fresh session, until it works or the time is up. */
  async #reconnect(): Promise<void> {
    if (this.#reconnecting || this.#end) return;
    this.#reconnecting = true;
    const { clock, timers, random } = this.#ports.effects;
    const until = clock.monotonic() + reconnectWithinMs;
    this.#setState('reconnecting');
    // The grant may be why the session ended: then this beat brings the order to close. Only when it stands is there anything to get back;
    // a control plane that does not answer says so with the next lease.
    let told = false;
    const stands = () => {
      if (told || this.#end) return;
      told = true;
      this.#events.reconnecting?.();
    };
    const answer = await this.#heartbeat?.beat();
    if (answer === 'over') return;
    if (answer === 'go-on') stands();
    for (let delay = firstRetryMs; !this.#end; delay = Math.min(longestRetryMs, delay * 2)) {
      try {
        await this.#resumeOrRestart(stands);
        break;
      } catch (error) {
        if (this.#end) return;
        const end = endFor(error, clock.monotonic() >= until);
        if (end) return void this.#finish(end);
        this.#ports.debug('reconnect', { failed: (error as Partial<Problem>).code ?? 'unknown' });
        await timers
          .wait(delay * (0.75 + random.fraction() / 2), this.#closing.signal)
          .catch(() => undefined);
      }
    }
    if (this.#end) return;
    this.#reconnecting = false;
    this.#setState('open');
    void this.#heartbeat?.beat();
    // What was just resumed can be closed by the service in the same breath.
    if (this.#channel?.over) void this.#reconnect();
  }

  async #resumeOrRestart(grantStands: () => void): Promise<void> {
    const lease = await this.#freshLease();
    grantStands();
    const endpoint = endpointFor(lease, this.#options.rules);
    const channel = this.#channel;
    if (channel && !channel.over && this.#ssmSessionId !== null) {
      const resumed = await this.#resume(lease, endpoint, this.#ssmSessionId);
      if (resumed) return this.#attach(channel, lease, endpoint, resumed);
      channel.cut();
    }
    await this.#startSession(lease, endpoint);
  }

  async #resume(lease: Lease, endpoint: Endpoint, sessionId: string): Promise<StartedSession | undefined> {
    try {
      const resumed = await this.#ports.ssm.resume(lease, endpoint, sessionId, this.#closing.signal);
      this.#ports.debug('ssm', { call: 'ResumeSession', session: sessionId, gone: resumed === undefined });
      return resumed;
    } catch (error) {
      // Refused although the lease is fresh: this session is lost, a new one is not.
      if (error instanceof Problem && error.code === 'SSM_SESSION_REFUSED') return undefined;
      throw error;
    }
  }

  #endsAt(endsAt: string): void {
    if (!this.#session || this.#session.endsAt === endsAt) return;
    this.#session = { ...this.#session, endsAt };
    this.#armEnd(this.#ports.effects);
  }

  /** At the end of the grant the control plane is asked; if it is silent, our own clock cuts. */
  #armEnd({ clock, timers }: Effects): void {
    if (this.#endTimer) timers.cancel(this.#endTimer);
    const left = Date.parse(this.endsAt) - clock.now();
    this.#endTimer = timers.after(Math.max(left, 0) + (left > 0 ? 0 : 1_000), () => void this.#atEnd());
  }

  async #atEnd(): Promise<void> {
    const { effects } = this.#ports;
    const silent = effects.timers.after(silentEndMs, () => {
      const order: CloseOrder = { code: 'GRANT_ENDED', reason: 'expired', comment: null };
      void this.#finish({ reason: 'grant_ended', order, problem: null });
    });
    const answer = await this.#heartbeat?.beat();
    if (answer === undefined || answer === 'none') return;
    // It answered and did not order an end: our clock is ahead, or the grant was extended.
    effects.timers.cancel(silent);
    if (!this.#end) this.#armEnd(effects);
  }

  #setState(state: TunnelState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'open') for (const socket of this.#early.splice(0)) this.#channel?.carry(socket);
    this.#ports.debug('tunnel', { state });
    this.#events.state?.(state);
  }

  async #finish(end: TunnelEnd): Promise<TunnelEnd> {
    if (this.#end) return this.ended;
    this.#end = end;
    this.#setState('closing');
    this.#heartbeat?.stop();
    this.#stopHints?.();
    if (this.#endTimer) this.#ports.effects.timers.cancel(this.#endTimer);
    // An order cuts first and tidies afterwards.
    if (end.order || end.problem) this.#channel?.cut();
    const listening = this.#listener?.close();
    const sessionId = this.#ssmSessionId;
    if (!end.order && this.#lease && sessionId !== null)
      await sayFarewell(this.#ports, {
        lease: this.#lease,
        sessionId,
        channel: this.#channel,
        rules: this.#options.rules,
      });
    this.#closing.abort(new Error('the tunnel is closed'));
    this.#channel?.cut();
    for (const socket of this.#early.splice(0)) socket.resetAndDestroy();
    await listening;
    if (this.#session) {
      await this.#ports.controlPlane
        .closeSession(this.#session.id, { reason: end.reason, ...this.traffic })
        // The control plane may be away or may have closed it itself; it then notices by the missing heartbeat.
        .catch((error: unknown) =>
          this.#ports.debug('session', { close: (error as Partial<Problem>).code ?? 'failed' }),
        );
    }
    this.#setState('closed');
    this.#resolveEnded(end);
    return end;
  }
}
