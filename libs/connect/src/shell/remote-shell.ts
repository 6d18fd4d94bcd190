import { ApiProblem } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import {
  sessionKeyContext,
  type ClientShellEnd,
  type KmsRequest,
  type TerminalSize,
} from '@sallyport/ssm-protocol';
import { attachChannel } from '../attach-channel.ts';
import { fullJitterMs } from '../backoff.ts';
import type { CloseReason, Lease } from '../control-plane.ts';
import { GrantClock } from '../grant-clock.ts';
import { Heartbeat } from '../heartbeat.ts';
import { LeaseSource, orAborted } from '../lease-source.ts';
import { SessionDesk } from '../session-desk.ts';
import type { StartedSession } from '../ssm-sessions.ts';
import { endByOrder, endFor, orderOfGrant, type TunnelEnd } from '../tunnel-end.ts';
import type { LossReason } from '../tunnel-options.ts';
import { ShellChannel } from './shell-channel.ts';
import { readShellEnd } from './shell-end.ts';
import type { ShellEnd, ShellEvents, ShellOptions, ShellPorts } from './shell-options.ts';
import { endedAway, StalledAgent } from './stalled-agent.ts';

/** How long the control plane and AWS may take to hear of the end. */
const tellWithinMs = 2_500;
/** How long the control plane may take to say whether the grant is why a session ended. */
const standsWithinMs = 2_000;
/** After sleep or a change of network the connection must show a sign of life within this. */
const provesItselfWithinMs = 4_000;
/** The first word of an agent that is bound to say one. */
const handshakeWithinMs = 30_000;

/**
 * A shell or a command on an instance, from a grant: lease, session on record, encrypted channel, resumed with a fresh lease when its
 * WebSocket is lost, ended with its grant. There is no fresh session in place of a lost one: the program is gone with it.
 */
export class RemoteShell {
  /** Resolves when it is over and AWS and the control plane have been told. */
  readonly ended: Promise<ShellEnd>;
  readonly #options: ShellOptions;
  readonly #ports: ShellPorts;
  readonly #events: ShellEvents;
  readonly #leases: LeaseSource;
  readonly #desk: SessionDesk;
  readonly #grantClock: GrantClock;
  readonly #stalled = new StalledAgent();
  readonly #closing = new AbortController();
  readonly #stops: (() => void)[] = [];
  #resolveEnded: (end: ShellEnd) => void = () => undefined;
  #channel: ShellChannel | undefined;
  #lease: Lease | undefined;
  #session: { readonly id: string; readonly endsAt: string } | undefined;
  #ssmSessionId: string | null = null;
  #heartbeat: Heartbeat | undefined;
  #attempt: AbortController | undefined;
  /** Why the connection is gone; null while it is there. */
  #lost: LossReason | null = null;
  #exitCode: number | null = null;
  #denied: Problem | undefined;
  #end: TunnelEnd | undefined;

  private constructor(options: ShellOptions, ports: ShellPorts, events: ShellEvents) {
    this.#options = options;
    this.#ports = ports;
    this.#events = events;
    const { grantId, purpose, command } = options;
    this.#leases = new LeaseSource(ports, grantId, { purpose, ...(command !== undefined && { command }) });
    this.#desk = new SessionDesk(ports, options.rules);
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#grantClock = new GrantClock(ports.effects, {
      warning: (secondsLeft) => events.warning?.(secondsLeft),
      over: () => void this.#atEnd(),
      silent: () => void this.#finish(endByOrder({ code: 'GRANT_ENDED', reason: 'expired', comment: null })),
    });
  }

  /**
   * Opens it and resolves when the instance can be heard. Refuses with the first problem met, and then leaves nothing behind. What comes
   * later (no such account, no key) is told by {@link ended}.
   */
  static async open(
    options: ShellOptions,
    ports: ShellPorts,
    events: ShellEvents,
    signal?: AbortSignal,
  ): Promise<RemoteShell> {
    const shell = new RemoteShell(options, ports, events);
    const abandon = () => shell.#closing.abort(signal?.reason);
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      signal?.throwIfAborted();
      await shell.#establish();
    } catch (error) {
      const { aborted } = shell.#closing.signal;
      const reason: unknown = shell.#closing.signal.reason;
      await shell.#finish({ reason: aborted ? 'client_exit' : 'error', order: null, problem: null });
      throw aborted ? reason : error;
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
    return shell;
  }

  /** The lease that came last. */
  get lease(): Lease | undefined {
    return this.#lease;
  }
  /** Id of the Session in the control plane. */
  get sessionId(): string {
    return this.#session?.id ?? '';
  }
  get endsAt(): string {
    return this.#session?.endsAt ?? '';
  }

  /** Types; tells how many bytes were taken. `writable` follows a short answer. */
  write(bytes: Uint8Array): number {
    return this.#channel?.write(bytes) ?? 0;
  }

  resize(size: TerminalSize): void {
    this.#channel?.resize(size);
  }

  /** Holds back what the program shows, within bounds that hold the program up. */
  pauseReading(): void {
    this.#channel?.pauseReading();
  }

  resumeReading(): void {
    this.#channel?.resumeReading();
  }

  /** Ends it in order: the program ends with its session. */
  async close(reason: CloseReason = 'client_exit'): Promise<ShellEnd> {
    return this.#finish({ reason, order: null, problem: null });
  }

  async #establish(): Promise<void> {
    const { controlPlane } = this.#ports;
    const { signal } = this.#closing;
    const { grantId, clientVersion, commandLine, size } = this.#options;
    const lease = await this.#leases.useful(signal);
    this.#lease = lease;
    this.#desk.endpoint(lease);
    const channel = this.#channelFor(lease);
    await this.#record(lease);
    this.#session = await controlPlane.openSession(
      { grantId, leaseId: lease.id, clientVersion, localPort: null },
      signal,
    );
    this.#ports.recorder?.opened(this.#session.id);
    const started = await this.#desk.start(lease, signal, commandLine);
    this.#ssmSessionId = started.sessionId;
    if (size !== undefined) channel.resize(size);
    this.#channel = channel;
    await this.#attach(lease, started, signal);
    this.#watch();
    this.#grantClock.set(this.endsAt);
    // Lost in the same breath, before anybody listened.
    if (!channel.over && !channel.connected) void this.#recover('broken');
  }

  /** A session that must be recorded is not opened before something records it. */
  async #record({ session }: Lease): Promise<void> {
    if (session?.clientRecording.required !== true) return;
    const { recorder } = this.#ports;
    if (!recorder) throw new Problem('SESSION_RECORDING_UNAVAILABLE');
    await recorder.begin(session.clientRecording.recipients);
  }

  #channelFor(lease: Lease): ShellChannel {
    const { session } = lease;
    const { commandLine, mayBeSilent = false } = this.#options;
    if (session === null)
      throw new Problem('CHANNEL_HANDSHAKE_FAILED', { detail: 'The lease is not for a shell.' });
    if (session.writesCommand !== (commandLine !== undefined)) throw new Problem('SESSION_COMMAND_MISSING');
    // Unencrypted, an agent says nothing before the program does.
    const silent = mayBeSilent || (session.type === 'InteractiveCommands' && !session.encrypted);
    return new ShellChannel(
      this.#ports.effects,
      {
        demandsEncryption: session.encrypted,
        handshakeTimeoutMs: handshakeWithinMs,
        mayBeSilent: silent,
      },
      {
        ready: ({ encrypted, agentVersion, customerMessage }) =>
          this.#events.ready?.({ encrypted, agentVersion, customerMessage }),
        dataKeyWanted: (request) => void this.#dataKey(lease, request),
        output: (bytes) => this.#events.output(bytes),
        errorOutput: (bytes) => this.#events.errorOutput(bytes),
        exit: (code) => (this.#exitCode = code),
        writable: () => this.#events.writable?.(),
        lost: (reason) => void this.#recover(reason),
        ended: (end) => void this.#channelEnded(end),
      },
      this.#ports.debug,
    );
  }

  #attach(lease: Lease, started: StartedSession, signal: AbortSignal): Promise<void> {
    const at = { endpoint: this.#desk.endpoint(lease), rules: this.#options.rules };
    return attachChannel(this.#ports, this.#channel!, { lease, started, at }, signal);
  }

  /** Gets the data key that the agent asks for, with the lease the session was started with. */
  async #dataKey(lease: Lease, { keyId, challenge }: KmsRequest): Promise<void> {
    const { keys, effects } = this.#ports;
    const { rules, anyKey = false } = this.#options;
    const sessionId = this.#ssmSessionId ?? '';
    try {
      // The gateway is not believed about keys: only the one that the control plane named is used.
      if (!anyKey && keyId !== lease.session?.keyArn)
        throw new Problem('SESSION_KEY_DENIED', {
          detail: 'The instance asks for another key than the granted one.',
        });
      const context = sessionKeyContext({ sessionId, targetId: lease.instanceId, challenge });
      const at = { endpoint: this.#desk.endpoint(lease), rules, now: new Date(effects.clock.now()) };
      this.#channel?.dataKey(await keys.generate(lease, at, keyId, context));
    } catch (error) {
      this.#denied = error instanceof Problem ? error : new Problem('SESSION_KEY_DENIED', { cause: error });
      this.#channel?.dataKeyDenied(this.#denied.code);
    }
  }

  #watch(): void {
    const heartbeat = new Heartbeat(
      this.#ports,
      this.sessionId,
      () => ({
        state: this.#lost === null ? 'open' : 'reconnecting',
        ssmSessionId: this.#ssmSessionId,
        lost: this.#lost,
        ...this.#traffic,
      }),
      {
        ordered: (order) => void this.#finish(endByOrder(order)),
        refused: (problem) => void this.#refused(problem),
        answered: (endsAt) => this.#endsAt(endsAt),
        reachedAgain: () => this.#attempt?.abort(new Problem('CHANNEL_LOST')),
      },
    );
    this.#heartbeat = heartbeat;
    heartbeat.start();
    const stopHints = this.#ports.onHint?.(({ topic, id }) => {
      if (topic === 'hello' || id === this.#options.grantId) void heartbeat.beat();
      else if (id === this.#session?.id) heartbeat.hinted();
    });
    const stopWake = this.#ports.onWake?.((event) => {
      this.#channel?.probe(provesItselfWithinMs, event.what === 'woke' ? 'woke' : 'network_changed');
      this.#attempt?.abort(new Problem('CHANNEL_LOST'));
      if (event.what === 'woke') this.#grantClock.woke();
      else this.#grantClock.rearm();
    });
    this.#stops.push(
      () => heartbeat.stop(),
      () => stopHints?.(),
      () => stopWake?.(),
      () => this.#grantClock.stop(),
    );
    void heartbeat.beat();
  }

  get #traffic() {
    const { bytesSent = 0, bytesReceived = 0 } = this.#channel?.stats ?? {};
    return { bytesUp: bytesSent, bytesDown: bytesReceived };
  }

  #endsAt(endsAt: string): void {
    if (this.#session === undefined || this.#end) return;
    this.#session = { ...this.#session, endsAt };
    this.#grantClock.set(endsAt);
  }

  async #atEnd(): Promise<void> {
    const answer = await this.#heartbeat?.beat();
    if (this.#end) return;
    if (answer !== undefined && answer !== 'none') this.#grantClock.answered();
    this.#grantClock.rearm();
  }

  async #refused(problem: ApiProblem): Promise<void> {
    const grant = await this.#ports.controlPlane.readGrant(this.#options.grantId).catch(() => undefined);
    const order = grant && orderOfGrant(grant);
    await this.#finish(order ? endByOrder(order) : { reason: 'error', order: null, problem });
  }

  /** The grant may be why a session ended: then this beat brings the order, and `#finish` with it. */
  async #grantStands(): Promise<boolean> {
    const patience = new AbortController();
    const answer = await Promise.race([
      this.#heartbeat?.beat(),
      this.#ports.effects.timers.wait(standsWithinMs, patience.signal).catch(() => undefined),
    ]);
    patience.abort();
    return answer !== 'over' && !this.#end;
  }

  async #channelEnded(end: ClientShellEnd): Promise<void> {
    const { reason, problem } = readShellEnd(end, this.#denied);
    // Ended by the service there is nothing to end there any more; ended by us there is.
    if (end.cause === 'channel-closed') this.#ssmSessionId = null;
    const byItself = this.#exitCode !== null || problem !== null;
    if (!byItself && !(await this.#grantStands())) return;
    await this.#finish({ reason, order: null, problem });
  }

  /** Gets the connection back with a fresh lease: tries until it works, AWS has ended the session, or the grant is over. */
  async #recover(reason: LossReason): Promise<void> {
    if (this.#end || this.#lost !== null) return;
    const { clock } = this.#ports.effects;
    const since = clock.monotonic();
    this.#lost = reason;
    const gone = reason === 'agent_dead' && this.#channel && this.#stalled.died(this.#channel.stats, since);
    if (gone) return void (await this.#finish(gone));
    let failures = reason === 'service_close' ? 0 : 1;
    let same = { code: '', count: 0 };
    if (!(await this.#grantStands())) return;
    this.#events.reconnecting?.(reason);
    while (!this.#end && this.#channel?.over === false) {
      try {
        await this.#resume();
        this.#lost = null;
        this.#events.recovered?.(clock.monotonic() - since);
        void this.#heartbeat?.beat();
        if (!this.#channel.connected && !this.#channel.over) void this.#recover('broken');
        return;
      } catch (error) {
        if (this.#closing.signal.aborted || this.#end) return;
        if (this.#attempt?.signal.aborted === true) continue;
        const code = (error as { code?: string } | null)?.code ?? 'unknown';
        same = { code, count: same.code === code ? same.count + 1 : 1 };
        this.#ports.debug('reconnect', { failed: code, failures });
        const end = code === 'SSM_SESSION_GONE' ? endedAway(error as Problem) : endFor(error, same.count);
        if (end) return void (await this.#finish(end));
        failures += 1;
        await this.#pause(failures);
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const { timers, random } = this.#ports.effects;
    this.#attempt = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#attempt.signal]);
    await timers.wait(fullJitterMs(failures, random), signal).catch(() => undefined);
  }

  async #resume(): Promise<void> {
    this.#attempt = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#attempt.signal]);
    const lease = await this.#leases.newerThan(this.#lease, signal);
    this.#lease = lease;
    const { ssm, debug } = this.#ports;
    const session = this.#ssmSessionId ?? '';
    const resumed = await orAborted(ssm.resume(lease, this.#desk.endpoint(lease), session, signal), signal);
    debug('ssm', { call: 'ResumeSession', session, gone: resumed === undefined });
    if (resumed === undefined) throw new Problem('SSM_SESSION_GONE');
    await this.#attach(lease, resumed, signal);
  }

  async #finish(end: TunnelEnd): Promise<ShellEnd> {
    if (this.#end) return this.ended;
    this.#end = end;
    for (const stop of this.#stops) stop();
    const traffic = this.#traffic;
    this.#channel?.cut();
    this.#attempt?.abort(new Problem('CHANNEL_LOST'));
    await this.#tell(end.reason, traffic);
    this.#closing.abort(new Problem('CHANNEL_LOST'));
    this.#leases.forget();
    const told = { ...end, exitCode: this.#exitCode };
    this.#resolveEnded(told);
    return told;
  }

  /** AWS ends the program with its session; the control plane closes what it has on record. Neither is waited for long. */
  async #tell(reason: CloseReason, traffic: { bytesUp: number; bytesDown: number }): Promise<void> {
    const { controlPlane, effects, debug } = this.#ports;
    const sessionId = this.#ssmSessionId;
    this.#ssmSessionId = null;
    if (sessionId !== null) this.#desk.discardOnce(this.#leases.useful(this.#closing.signal), sessionId);
    const patience = new AbortController();
    const closed =
      this.#session === undefined
        ? undefined
        : controlPlane.closeSession(this.#session.id, { reason, ...traffic }).catch((error: unknown) => {
            debug('session', { close: (error as { code?: string }).code ?? 'failed' });
          });
    await Promise.race([
      Promise.all([this.#desk.settled(), closed]),
      effects.timers.wait(tellWithinMs, patience.signal).catch(() => undefined),
    ]);
    patience.abort();
  }
}
