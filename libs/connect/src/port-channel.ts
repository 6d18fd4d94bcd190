import { hash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Effects, TimerHandle } from '@sallyport/effects';
import {
  createClientSession,
  type ClientEnd,
  type ClientReady,
  type ClientSession,
  type StreamId,
} from '@sallyport/ssm-protocol';
import { ChannelPulse } from './channel-pulse.ts';
import type { Traffic } from './control-plane.ts';
import type { Debug } from './debug.ts';
import { LocalConnection } from './local-connection.ts';
import type { Connection, ConnectionSink } from './transport.ts';
import type { LossReason } from './tunnel-options.ts';

export interface PortChannelEvents {
  ready(info: ClientReady): void;
  /** The agent could not reach the resource for one connection. */
  destinationRefused(): void;
  /** The WebSocket is gone, or shall be regarded so; the session may be resumed with another one unless the agent is dead. */
  lost(reason: LossReason): void;
  /** The session is over for good. Its local connections were reset; this many. */
  ended(end: ClientEnd, connectionsLost: number): void;
  /** A connection ended, or its program has said all, so that another may be carried. */
  room(): void;
}

/** New messages put out in one turn of the event loop, so that reading keeps pace with writing. */
const messagesPerTurn = 256;
const messagesPerPump = 32;
/** As long as an agent waits for its part of the handshake; one that is slower is dead. */
const handshakeWithinMs = 15_000;
/** The close code with which the service ends a WebSocket in order, as it does hourly. */
const normalClosure = 1000;

/** One Session Manager session: the protocol engine joined to a WebSocket on one side and local connections on the other. */
export class PortChannel {
  readonly #effects: Effects;
  readonly #events: PortChannelEvents;
  readonly #session: ClientSession;
  readonly #pulse: ChannelPulse;
  readonly #locals = new Map<StreamId, LocalConnection>();
  readonly #debug: Debug;
  #connection: Connection | undefined;
  /** Counts connections; what an earlier one still says is not listened to. */
  #generation = 0;
  #tick: { at: number; timer: TimerHandle } | undefined;
  #pressed = false;
  #pumpDue = false;
  #over = false;

  constructor(effects: Effects, events: PortChannelEvents, debug: Debug) {
    this.#effects = effects;
    this.#events = events;
    this.#debug = debug;
    const { clock, random } = effects;
    this.#pulse = new ChannelPulse(effects, {
      ping: () => this.#connection?.ping(),
      unacknowledged: () => this.#session.stats.unacknowledged,
      dead: (reason) => this.#lost(reason),
    });
    this.#session = createClientSession(
      {
        environment: {
          sha256: (bytes) => hash('sha256', bytes, 'buffer'),
          uuid: () => random.uuid(),
          wallTime: () => clock.now(),
        },
        handshakeTimeoutMs: handshakeWithinMs,
      },
      {
        frame: (bytes) => this.#connection?.binary(bytes),
        text: (text) => this.#connection?.text(text),
        sendable: () => this.#pumpSoon(),
        readPressure: (on) => this.#press(on),
        data: (stream, bytes) => this.#locals.get(stream)?.down(bytes),
        end: (stream) => this.#locals.get(stream)?.ended(),
        writable: (stream) => this.#locals.get(stream)?.writable(),
        discarded: (reason) => this.#debug('channel', { discarded: reason }),
        ready: (info) => {
          this.#debug('channel', { state: 'ready', mode: info.mode, agent: info.agentVersion });
          events.ready(info);
        },
        connectFailed: () => events.destinationRefused(),
        closed: (end) => this.#closed(end),
      },
    );
  }

  /** The user's bytes through this session so far. */
  get traffic(): Traffic {
    const { streamBytesSent, streamBytesReceived } = this.#session.stats;
    return { bytesUp: streamBytesSent, bytesDown: streamBytesReceived };
  }

  /** Local connections carried now. */
  get flows(): number {
    return this.#locals.size;
  }

  /** Those of them whose local program may still say something. */
  get talking(): number {
    let talking = 0;
    for (const { saidAll } of this.#locals.values()) if (!saidAll) talking++;
    return talking;
  }

  /** Messages under way to the agent and not acknowledged, and messages sent more than once. */
  get outgoing(): { readonly unacknowledged: number; readonly retransmitted: number } {
    const { unacknowledged, messagesResent } = this.#session.stats;
    return { unacknowledged, retransmitted: messagesResent };
  }

  /** Round trip of the latest ping to the message gateway, milliseconds; null before the first answer. */
  get rttMs(): number | null {
    return this.#pulse.rttMs;
  }

  /** Whether the session is over, so that only a fresh one can follow. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether nothing is read from the WebSocket, because the reader of one connection is slow. */
  get held(): boolean {
    return this.#pressed;
  }

  /** Whether a WebSocket carries it now. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** What a transport calls for the connection it is about to open for this channel. */
  sink(): ConnectionSink {
    const generation = ++this.#generation;
    const present = () => generation === this.#generation && !this.#over;
    return {
      message: (bytes) => {
        if (!present()) return;
        const now = this.#effects.clock.monotonic();
        this.#pulse.heardAgent(now);
        this.#session.receive(bytes, now);
        this.#armTick();
      },
      heard: () => present() && this.#pulse.heardGateway(),
      drained: () => present() && this.#pumpSoon(),
      closed: (code) => present() && this.#lost(code === normalClosure ? 'service_close' : 'broken'),
    };
  }

  /** The WebSocket is open: says the token and goes on where the session was. */
  attach(connection: Connection, token: string): void {
    if (this.#over) return connection.cut();
    this.#connection = connection;
    if (this.#pressed) connection.pause();
    this.#pulse.start();
    this.#session.connected(token, this.#effects.clock.monotonic());
    this.#armTick();
  }

  /** Carries one local connection; false when the session can carry no more for now (or no longer). */
  carry(local: Duplex): boolean {
    const stream = this.#over ? undefined : this.#session.open();
    if (stream === undefined) return false;
    this.#locals.set(
      stream,
      new LocalConnection(stream, local, this.#session, this.#effects, {
        saidAll: () => this.#events.room(),
        gone: () => {
          this.#locals.delete(stream);
          if (!this.#over) this.#events.room();
        },
      }),
    );
    // Without a multiplexer the destination may have spoken before there was anybody to hear it, so the stream comes paused.
    this.#session.resumeReading(stream);
    return true;
  }

  /** The connection must show a sign of life within `patienceMs`, or counts as lost for `reason`. */
  probe(patienceMs: number, reason: LossReason): void {
    if (this.#connection && !this.#pressed) this.#pulse.probe(patienceMs, reason);
  }

  /** Asks the agent to end the session; false when it cannot be asked that way. */
  terminate(): boolean {
    if (!this.#connection || this.#over) return false;
    const asked = this.#session.terminate(this.#effects.clock.monotonic());
    this.#pump();
    return asked;
  }

  /** Cuts everything at once: local connections, WebSocket, timers. Nothing is called back afterwards. Tells how many connections it cut. */
  cut(): number {
    this.#over = true;
    if (this.#tick) this.#effects.timers.cancel(this.#tick.timer);
    this.#tick = undefined;
    this.#pulse.stop();
    const cut = this.#locals.size;
    for (const local of this.#locals.values()) local.cut();
    this.#locals.clear();
    this.#connection?.cut();
    this.#connection = undefined;
    return cut;
  }

  #closed(end: ClientEnd): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'closed', cause: end.cause });
    this.#events.ended(end, this.cut());
  }

  #lost(reason: LossReason): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'lost', reason });
    this.#generation++;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#pulse.stop();
    connection?.cut();
    this.#session.disconnected(this.#effects.clock.monotonic());
    this.#armTick();
    this.#events.lost(reason);
  }

  #press(on: boolean): void {
    this.#pressed = on;
    if (on) this.#connection?.pause();
    else this.#connection?.resume();
    // Nothing is read while paused, so silence proves nothing about the peer.
    this.#pulse.deaf(on);
  }

  #pumpSoon(): void {
    if (this.#pumpDue) return;
    this.#pumpDue = true;
    setImmediate(() => {
      this.#pumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    const now = this.#effects.clock.monotonic();
    for (let sent = 0; this.#connection && !this.#connection.congested;) {
      const count = this.#session.pump(now, messagesPerPump);
      sent += count;
      if (count < messagesPerPump) break;
      if (sent >= messagesPerTurn) return this.#pumpSoon();
    }
    this.#armTick();
  }

  #armTick(): void {
    const at = this.#over ? undefined : this.#session.nextTickAt();
    if (at === this.#tick?.at) return;
    // A timer that is early does no harm: it finds nothing due and is set again. Re-arming for each message would.
    if (at !== undefined && this.#tick && this.#tick.at <= at) return;
    const { clock, timers } = this.#effects;
    if (this.#tick) timers.cancel(this.#tick.timer);
    this.#tick = undefined;
    if (at === undefined) return;
    const timer = timers.after(Math.max(0, at - clock.monotonic()), () => {
      this.#tick = undefined;
      this.#session.tick(clock.monotonic());
      this.#armTick();
    });
    this.#tick = { at, timer };
  }
}
