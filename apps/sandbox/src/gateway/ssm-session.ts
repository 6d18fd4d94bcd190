import type { Effects } from '@sallyport/effects';
import { decodeMessage, messageTypes, payloadTypes } from '@sallyport/ssm-protocol';
import { limits } from '../limits.ts';
import { across, type ChannelEnd, type Loss, type Side } from './channel-end.ts';
import { ChannelToken } from './channel-token.ts';
import type { Faults } from './faults.ts';
import { channelClosed, publication } from './gateway-messages.ts';
import { Lane } from './lane.ts';
import type { SessionOrder, SessionView } from './session-desk.ts';

/** How a session is over. */
export interface SessionEnd {
  readonly state: 'Terminated' | 'Failed';
  /** What the client shows; empty for none. */
  readonly output: string;
  /** True when the agent itself said so, so that it need not be told. */
  readonly byAgent?: boolean;
}

/** Surroundings of a session. */
export interface SessionParts {
  readonly effects: Effects;
  readonly faults: () => Faults;
  /** Told once, when the session is over; `agentKnows`: it said so, or was told on its channel. */
  readonly onEnd: (session: SsmSession, agentKnows: boolean) => void;
}

/** One session at the gateway: its two ends, the relay between them, its timers. */
export class SsmSession {
  readonly id: string;
  readonly order: SessionOrder;
  readonly startedAt: number;
  readonly longestMs: number | undefined;
  readonly #idleMs: number;
  readonly #parts: SessionParts;
  readonly #lanes: Readonly<Record<Side, Lane>>;
  readonly #ends: Partial<Record<Side, { readonly end: ChannelEnd; readonly since: number }>> = {};
  readonly #seen: Record<Side, boolean> = { client: false, agent: false };
  #clientCame: (() => void) | undefined;
  readonly #pressed: Record<Side, boolean> = { client: false, agent: false };
  readonly #tokens: Readonly<Record<Side, ChannelToken>>;
  #activeAt: number;
  #end: (SessionEnd & { readonly at: number }) | undefined;

  constructor(
    id: string,
    order: SessionOrder,
    times: { idleMs: number; longestMs: number | undefined },
    parts: SessionParts,
  ) {
    this.id = id;
    this.order = order;
    this.#parts = parts;
    this.#tokens = { client: new ChannelToken(parts.effects), agent: new ChannelToken(parts.effects) };
    this.#idleMs = times.idleMs;
    this.longestMs = times.longestMs;
    this.startedAt = this.#activeAt = parts.effects.clock.now();
    const { effects, faults } = parts;
    this.#lanes = {
      client: new Lane(
        effects,
        () => faults().toClient,
        () => this.drained('client'),
      ),
      agent: new Lane(
        effects,
        () => faults().toAgent,
        () => this.drained('agent'),
      ),
    };
  }

  get over(): boolean {
    return this.#end !== undefined;
  }

  get view(): SessionView {
    const { owner, region, instance, document, reason } = this.order;
    return {
      id: this.id,
      account: owner.account,
      region,
      ownerArn: owner.arn,
      target: instance.id,
      documentName: document.name,
      reason,
      startedAt: this.startedAt,
      endedAt: this.#end?.at,
      longestMs: this.longestMs,
      state: this.#end?.state ?? 'Connected',
    };
  }

  /** Calls back once when the client is connected, at once when it is. */
  onClient(callback: () => void): void {
    if (this.#seen.client) callback();
    else this.#clientCame = callback;
  }

  /** Issues a side's token; the one before it is worth nothing from now on. */
  issueToken(side: Side): string {
    return this.#tokens[side].issue();
  }

  /** Whether the token is the one issued last to that side, and still fresh. */
  admits(side: Side, token: string): boolean {
    return !this.over && this.#tokens[side].admits(token);
  }

  /** Connects an end; a newer one replaces the older. */
  attach(side: Side, end: ChannelEnd): void {
    if (this.over) return end.close(1000, 'Bye');
    const before = this.#ends[side];
    this.#ends[side] = { end, since: this.#parts.effects.clock.now() };
    before?.end.close(1000, 'Bye');
    this.#lanes[side].connect(end);
    if (this.#seen[side])
      this.#lanes[across(side)].notice(publication('start_publication', this.#parts.effects));
    this.#seen[side] = true;
    if (side === 'client') this.#tellClientCame();
    // What held the ends up may have gone with the older socket.
    end.hold(this.#pressed[across(side)] || this.#lanes[across(side)].full);
    this.drained(side);
  }

  #tellClientCame(): void {
    const came = this.#clientCame;
    this.#clientCame = undefined;
    if (came !== undefined) setImmediate(came);
  }

  /** An end's socket is gone. */
  detached(side: Side, end: ChannelEnd): void {
    if (this.#ends[side]?.end !== end) return;
    delete this.#ends[side];
    this.#lanes[side].connect(undefined);
    this.#lanes[across(side)].notice(publication('pause_publication', this.#parts.effects));
  }

  /** A binary message from an end. Only what that side may say is relayed, unchanged. */
  received(side: Side, frame: Uint8Array): void {
    // A hung agent neither says anything nor hears what it is sent.
    if (this.over || this.#parts.faults().hungInstances.includes(this.order.instance.id)) return;
    const decoded = decodeMessage(frame);
    if (!decoded.ok) return;
    const { messageType, payloadType } = decoded.message;
    const stream = side === 'client' ? messageTypes.inputStreamData : messageTypes.outputStreamData;
    if (messageType !== stream && messageType !== messageTypes.acknowledge) return;
    const lane = this.#lanes[across(side)];
    if (messageType === stream && payloadType === payloadTypes.output)
      this.#activeAt = this.#parts.effects.clock.now();
    lane.push(frame);
    if (side === 'agent' && messageType === stream && payloadType === payloadTypes.handshakeComplete)
      lane.holdBack(limits.holdBackMs);
    if (lane.full) this.#ends[side]?.end.hold(true);
  }

  /** The way to that side has room again. */
  drained(side: Side): void {
    if (!this.#lanes[side].full && !this.#pressed[side]) this.#ends[across(side)]?.end.hold(false);
  }

  /** An end has slow readers: the other should pause, or may go on. */
  pressure(side: Side, on: boolean): void {
    this.#pressed[side] = on;
    this.#ends[across(side)]?.end.hold(on || this.#lanes[side].full);
  }

  /** Loses the socket of one side without a close frame. */
  lose(side: Side, how: Loss): void {
    this.#ends[side]?.end.lose(how);
  }

  /** Closes the socket of one side as the service does when it has grown old. */
  bye(side: Side): void {
    this.#ends[side]?.end.close(1000, 'Bye');
  }

  /** Whether a timer of the service has ended the session; closes sockets that reached their age. */
  sweep(): void {
    const now = this.#parts.effects.clock.now();
    if (this.over) return;
    if (this.longestMs !== undefined && now - this.startedAt >= this.longestMs)
      return this.finish({ state: 'Terminated', output: 'Maximum duration has been reached.' });
    if (now - this.#activeAt >= this.#idleMs)
      return this.finish({ state: 'Terminated', output: 'Session timed out due to inactivity.' });
    const { closeAfterSeconds } = this.#parts.faults();
    const life = closeAfterSeconds === null ? limits.channelLifeMs : closeAfterSeconds * 1000;
    // Both ends' sockets grow old; an agent in this process has none and stays.
    for (const held of [this.#ends.client, this.#ends.agent])
      if (held !== undefined && now - held.since >= life) held.end.close(1000, 'Bye');
  }

  /** Ends the session: `channel_closed` to both ends, then their sockets go. Repeated calls do nothing. */
  finish(end: SessionEnd): void {
    if (this.over) return;
    this.#end = { ...end, at: this.#parts.effects.clock.now() };
    const agentKnows = end.byAgent === true || this.#ends.agent !== undefined;
    const message = channelClosed(this.id, end.output, this.#parts.effects);
    for (const side of ['client', 'agent'] as const) {
      this.#lanes[side].last(message);
      this.#ends[side]?.end.close(1000, 'Bye');
      delete this.#ends[side];
      this.#lanes[side].dispose();
    }
    this.#parts.onEnd(this, agentKnows);
  }
}
