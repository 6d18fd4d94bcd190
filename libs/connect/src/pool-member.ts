import type { Duplex } from 'node:stream';
import { Problem } from '@sallyport/problems';
import { attachChannel } from './attach-channel.ts';
import { fullJitterMs } from './backoff.ts';
import type { Lease, Traffic } from './control-plane.ts';
import { orAborted } from './lease-source.ts';
import type { MemberHost, Recovery } from './member-host.ts';
import { PortChannel } from './port-channel.ts';
import type { MemberState, SessionSnapshot } from './snapshot.ts';
import type { StartedSession } from './ssm-sessions.ts';
import { endFor, problemOf } from './tunnel-end.ts';
import type { LossReason } from './tunnel-options.ts';

/** A session that lived for this long was a good one: what fails afterwards is a new failure. */
const goodAfterMs = 3_000;
/** A resumed session whose WebSocket is refused this often is given up for a fresh one. */
const refusedResumesMax = 2;
/** Failures that speak against the instance rather than the network, the account or the control plane. */
const instanceFailures = new Set<string>([
  'SSM_TARGET_OFFLINE',
  'SSM_SESSION_GONE',
  'CHANNEL_REFUSED',
  'CHANNEL_HANDSHAKE_FAILED',
  'CHANNEL_LOST',
]);

/** One session of a tunnel: started, kept, resumed with a fresh lease, replaced by a fresh session where that is refused. */
export class PoolMember {
  readonly #host: MemberHost;
  readonly #closing = new AbortController();
  #state: MemberState = 'starting';
  #channel: PortChannel | undefined;
  /** The lease that was used last. */
  #lease: Lease | undefined;
  /** Where the present session is. */
  #instanceId: string | null = null;
  #ssmSessionId: string | null = null;
  /** Bytes and resends of this member's sessions before the present one. */
  #before = { bytesUp: 0, bytesDown: 0, retransmitted: 0 };
  #openSince = 0;
  #failures = 0;
  #sameCode: { code: string; count: number } = { code: '', count: 0 };
  #refusedResumes = 0;
  /** The attempt or pause under way; aborted when the machine woke or its network changed. */
  #attempt: AbortController | undefined;

  constructor(host: MemberHost) {
    this.#host = host;
  }

  get state(): MemberState {
    return this.#state;
  }
  get ssmSessionId(): string | null {
    return this.#ssmSessionId;
  }
  get flows(): number {
    return this.#channel?.flows ?? 0;
  }
  /** Connections whose local programs may still say something. */
  get talking(): number {
    return this.#channel?.talking ?? 0;
  }
  /** Messages sent and not acknowledged: the queue that a new connection would stand behind. */
  get queued(): number {
    return this.#channel?.outgoing.unacknowledged ?? 0;
  }
  /** A reader of one connection is slow, so that nothing of any is read. */
  get held(): boolean {
    return this.#channel?.held ?? false;
  }
  get traffic(): Traffic {
    const now = this.#channel?.traffic ?? { bytesUp: 0, bytesDown: 0 };
    return { bytesUp: this.#before.bytesUp + now.bytesUp, bytesDown: this.#before.bytesDown + now.bytesDown };
  }
  get snapshot(): SessionSnapshot {
    return {
      ssmSessionId: this.#ssmSessionId,
      instanceId: this.#instanceId,
      state: this.#state,
      flows: this.flows,
      rttMs: this.#channel?.rttMs ?? null,
      ...this.traffic,
      retransmitted: this.#before.retransmitted + (this.#channel?.outgoing.retransmitted ?? 0),
    };
  }

  /** Starts the first session, on another gateway if the first one is dead. Refuses with what stood in the way, and then leaves nothing behind. */
  async start(): Promise<void> {
    try {
      await this.#startSomewhere(this.#closing.signal);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#open();
    this.#recoverIfLost();
  }

  async #startSomewhere(signal: AbortSignal): Promise<void> {
    const { leases } = this.#host;
    const lease = await leases.useful(signal);
    try {
      await this.#startFresh(lease, signal);
    } catch (error) {
      if (signal.aborted || !instanceFailures.has(codeOf(error))) throw error;
      leases.avoid(lease.instanceId);
      const other = await leases.newerThan(lease, signal);
      if (other.instanceId === lease.instanceId) throw error;
      await this.#startFresh(other, signal);
    }
  }

  /** Carries one local connection; false when it can carry no more. */
  carry(local: Duplex): boolean {
    return this.#state === 'open' && this.#channel !== undefined && this.#channel.carry(local);
  }

  /** The machine woke or its network changed: what is silent must prove itself, what is tried is tried anew at once. */
  nudge(reason: LossReason, patienceMs: number): void {
    if (this.#state === 'open') this.#channel?.probe(patienceMs, reason);
    this.hurry();
  }

  /** There is reason to believe that the network is back: what is tried is tried anew at once. */
  hurry(): void {
    this.#failures = 0;
    this.#attempt?.abort(new Problem('CHANNEL_LOST'));
  }

  /** Asks the agent to end the session, as far as it can be asked. */
  flag(): void {
    this.#channel?.terminate();
  }

  /** Cuts everything at once; how many connections that cost. The session at AWS is the caller's to end. */
  close(): number {
    if (this.#state === 'closed') return 0;
    this.#set('closed');
    this.#closing.abort(new Problem('CHANNEL_LOST'));
    return this.#channel?.cut() ?? 0;
  }

  /** Ends a session that is not needed any more, at AWS too. */
  retire(): void {
    this.flag();
    const sessionId = this.#ssmSessionId;
    this.close();
    if (sessionId !== null) this.#discard(sessionId);
    this.#host.retired(this);
  }

  #set(state: MemberState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#host.changed();
  }

  #open(): void {
    this.#openSince = this.#host.ports.effects.clock.monotonic();
    this.#set('open');
  }

  /** What was just resumed or started can be lost in the same breath, before anybody listened. */
  #recoverIfLost(): void {
    if (this.#state !== 'open' || !this.#channel) return;
    if (this.#channel.over) void this.#recover('session_ended');
    else if (!this.#channel.connected) void this.#recover('broken');
  }

  async #startFresh(lease: Lease, signal: AbortSignal): Promise<void> {
    const { desk, leases } = this.#host;
    let sessionId: string | undefined;
    this.#lease = lease;
    try {
      const started = await desk.start(lease, signal);
      sessionId = started.sessionId;
      this.#host.started();
      const { channel, ready } = this.#freshChannel();
      this.#instanceId = lease.instanceId;
      this.#ssmSessionId = sessionId;
      await this.#attach(channel, lease, started, signal);
      await orAborted(ready, signal);
      this.#refusedResumes = 0;
      leases.workedOn(lease.instanceId);
      this.#host.using(lease.instanceId);
    } catch (error) {
      this.#channel?.cut();
      if (sessionId !== undefined) {
        desk.discard(lease, sessionId);
        this.#ssmSessionId = null;
      }
      if (!signal.aborted && instanceFailures.has(codeOf(error))) leases.failedOn(lease.instanceId);
      throw error;
    }
  }

  /** A new channel in place of the one before, whose connections are gone. */
  #freshChannel(): { channel: PortChannel; ready: Promise<void> } {
    const { ports } = this.#host;
    const { retransmitted } = this.snapshot;
    this.#before = { ...this.traffic, retransmitted };
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    // Nobody may wait for the handshake any more when it fails.
    ready.catch(() => undefined);
    const channel: PortChannel = new PortChannel(
      ports.effects,
      {
        ready: () => resolve(),
        destinationRefused: () => this.#host.destinationRefused(),
        lost: (reason) => {
          reject(new Problem('CHANNEL_LOST'));
          if (channel === this.#channel && this.#state === 'open') void this.#recover(reason);
        },
        ended: (end, connectionsLost) => {
          reject(problemOf(end));
          ports.debug('ssm', { session: this.#ssmSessionId, ended: end.cause });
          if (channel !== this.#channel) return;
          if (connectionsLost > 0) this.#host.connectionsLost(connectionsLost);
          if (this.#state !== 'open') return;
          // Ended by AWS or the agent, there is nothing to end there any more; ended by us, there is.
          const sessionId = this.#ssmSessionId;
          this.#ssmSessionId = null;
          if (end.cause !== 'channel-closed' && sessionId !== null) this.#discard(sessionId);
          void this.#recover('session_ended');
        },
        room: () => this.#host.changed(),
      },
      ports.debug,
    );
    this.#channel = channel;
    return { channel, ready };
  }

  async #attach(
    channel: PortChannel,
    lease: Lease,
    started: StartedSession,
    signal: AbortSignal,
  ): Promise<void> {
    const { rules, desk, ports } = this.#host;
    const at = { endpoint: desk.endpoint(lease), rules };
    await attachChannel(ports, channel, { lease, started, at }, signal);
  }

  /** Gets a session back: tries until it works, the member is not worth it any more, or the tunnel ends. */
  async #recover(reason: LossReason): Promise<void> {
    const { clock } = this.#host.ports.effects;
    this.#failures = clock.monotonic() - this.#openSince >= goodAfterMs ? 0 : this.#failures + 1;
    this.#set('reconnecting');
    this.#host.lost(this, reason);
    this.#blame(reason);
    // A session that keeps being lost right after it began is not started over and over without a pause.
    if (this.#failures > 1) await this.#pause();
    if (!(await this.#host.grantStands())) return;
    for (;;) {
      if (this.#closed) return;
      if (!this.#host.wanted(this)) return this.retire();
      const attempt = (this.#attempt = new AbortController());
      try {
        const how = await this.#getBack(AbortSignal.any([this.#closing.signal, attempt.signal]));
        this.#sameCode = { code: '', count: 0 };
        this.#open();
        this.#host.recovered(this, how);
        return this.#recoverIfLost();
      } catch (error) {
        if (this.#closed) return;
        // Interrupted by news of the network, which is worth another attempt at once.
        if (attempt.signal.aborted) continue;
        if (this.#failed(error)) return;
        await this.#pause();
      }
    }
  }

  get #closed(): boolean {
    return this.#state === 'closed';
  }

  /** Takes note of a failed attempt; true when the tunnel is over. */
  #failed(error: unknown): boolean {
    const code = codeOf(error);
    this.#failures += 1;
    this.#sameCode = { code, count: this.#sameCode.code === code ? this.#sameCode.count + 1 : 1 };
    this.#host.ports.debug('reconnect', { failed: code, failures: this.#failures });
    const end = endFor(error, this.#sameCode.count);
    if (end) this.#host.end(end);
    else this.#host.obstacle(code);
    return end !== undefined;
  }

  async #pause(): Promise<void> {
    const { timers, random } = this.#host.ports.effects;
    this.#attempt = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#attempt.signal]);
    await timers.wait(fullJitterMs(this.#failures, random), signal).catch(() => undefined);
  }

  async #getBack(signal: AbortSignal): Promise<Recovery> {
    const lease = await this.#host.leases.newerThan(this.#lease, signal);
    this.#host.leaseGiven();
    this.#lease = lease;
    if (this.#channel && !this.#channel.over && this.#ssmSessionId !== null) {
      if (await this.#resume(this.#channel, lease, this.#ssmSessionId, signal)) return 'resumed';
      this.#giveUpSession();
    }
    await this.#startFresh(lease, signal);
    return 'fresh';
  }

  /** False when AWS will not resume this session: a fresh one is needed. */
  async #resume(
    channel: PortChannel,
    lease: Lease,
    sessionId: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { ports, desk } = this.#host;
    try {
      const resumed = await orAborted(
        ports.ssm.resume(lease, desk.endpoint(lease), sessionId, signal),
        signal,
      );
      ports.debug('ssm', { call: 'ResumeSession', session: sessionId, gone: resumed === undefined });
      if (!resumed) return false;
      await this.#attach(channel, lease, resumed, signal);
      this.#refusedResumes = 0;
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      const code = codeOf(error);
      // Refused although the lease is fresh: this session is lost, a new one is not.
      if (code === 'SSM_SESSION_REFUSED') return false;
      if (code !== 'CHANNEL_REFUSED' && code !== 'SSM_TARGET_OFFLINE') throw error;
      if (++this.#refusedResumes >= refusedResumesMax) return false;
      throw error;
    }
  }

  /** What a loss says about the instance. A dead agent cannot be resumed either. */
  #blame(reason: LossReason): void {
    const { leases } = this.#host;
    const instanceId = this.#instanceId;
    if (instanceId === null) return;
    if (reason === 'peer_dead') leases.failedOn(instanceId);
    if (reason !== 'agent_dead') return;
    leases.avoid(instanceId);
    this.#giveUpSession();
  }

  /** The session is beyond resuming: its connections are told the truth, and AWS is told to end it. */
  #giveUpSession(): void {
    const lost = this.#channel?.cut() ?? 0;
    if (lost > 0) this.#host.connectionsLost(lost);
    const sessionId = this.#ssmSessionId;
    this.#ssmSessionId = null;
    if (sessionId !== null) this.#discard(sessionId);
  }

  /** Terminates a session at AWS with a lease that is useful. The desk knows of it at once, so that an end of the tunnel waits for it. */
  #discard(sessionId: string): void {
    const { leases, desk } = this.#host;
    desk.discardOnce(leases.useful(new AbortController().signal), sessionId);
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? 'unknown';
}
