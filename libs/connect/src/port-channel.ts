import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Effects, TimerHandle } from '@sallyport/effects';
import {
  createClientSession,
  type ClientEnd,
  type ClientReady,
  type ClientSession,
  type StreamId,
} from '@sallyport/ssm-protocol';
import type { Traffic } from './control-plane.ts';
import type { Debug } from './debug.ts';
import { LocalConnection } from './local-connection.ts';
import type { Connection, ConnectionSink } from './transport.ts';

export interface PortChannelEvents {
  ready(info: ClientReady): void;
  /** The agent could not reach the resource for one connection. */
  destinationRefused(): void;
  /** The WebSocket is gone; the session may be resumed with another one. */
  lost(code: number): void;
  /** The session is over for good. */
  ended(end: ClientEnd): void;
}

/** A ping this often; without any sign of life for the second time the peer is dead. */
const pingEveryMs = 15_000;
const silenceMaxMs = 45_000;

/** New messages put out in one turn of the event loop, so that reading keeps pace with writing. */
const messagesPerTurn = 256;
const messagesPerPump = 32;

/** One Session Manager session: the protocol engine joined to a WebSocket on one side and local sockets on the other. */
export class PortChannel {
  readonly #effects: Effects;
  readonly #events: PortChannelEvents;
  readonly #session: ClientSession;
  readonly #locals = new Map<StreamId, LocalConnection>();
  readonly #debug: Debug;
  /** Local connections that came before the session was ready, or while it could carry no more. */
  #waiting: Socket[] = [];
  #connection: Connection | undefined;
  #tick: { at: number; timer: TimerHandle } | undefined;
  #pinging: TimerHandle | undefined;
  #heardAt = 0;
  #pressed = false;
  #pumpDue = false;
  #over = false;

  constructor(effects: Effects, events: PortChannelEvents, debug: Debug) {
    this.#effects = effects;
    this.#events = events;
    this.#debug = debug;
    const { clock, random } = effects;
    this.#session = createClientSession(
      {
        environment: {
          sha256: (bytes) => hash('sha256', bytes, 'buffer'),
          uuid: () => random.uuid(),
          wallTime: () => clock.now(),
        },
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
          this.#carryWaiting();
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

  /** Whether the session is over, so that only a fresh one can follow. */
  get over(): boolean {
    return this.#over;
  }

  /** What a transport calls for the connection it is about to open for this channel. */
  sink(): ConnectionSink {
    // A connection that was replaced may still speak; it is not listened to.
    let closed = false;
    const present = () => !closed;
    return {
      message: (bytes) => {
        if (!present()) return;
        const now = this.#heard();
        this.#session.receive(bytes, now);
        this.#armTick();
      },
      heard: () => void this.#heard(),
      drained: () => this.#pumpSoon(),
      closed: (code) => {
        closed = true;
        this.#lost(code);
      },
    };
  }

  /** The WebSocket is open: says the token and goes on where the session was. */
  attach(connection: Connection, token: string): void {
    if (this.#over) return connection.cut();
    this.#connection = connection;
    if (this.#pressed) connection.pause();
    const now = this.#heard();
    this.#session.connected(token, now);
    this.#pinging ??= this.#effects.timers.every(pingEveryMs, () => this.#ping());
    connection.ping();
    this.#armTick();
  }

  /** Carries one accepted local connection (paused) as soon as the session can. */
  carry(socket: Socket): void {
    // Errors of a local program's socket end that connection and nothing else; `close` follows.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#debug('local', { error: error.code }));
    if (this.#over) return void socket.resetAndDestroy();
    this.#waiting.push(socket);
    this.#carryWaiting();
  }

  /** Asks the agent to end the session; false when it cannot be asked that way. */
  terminate(): boolean {
    if (!this.#connection || this.#over) return false;
    const asked = this.#session.terminate(this.#effects.clock.monotonic());
    this.#pump();
    return asked;
  }

  /** Cuts everything at once: local connections, WebSocket, timers. Nothing is called back afterwards. */
  cut(): void {
    this.#over = true;
    this.#release();
  }

  #release(): void {
    const { timers } = this.#effects;
    if (this.#tick) timers.cancel(this.#tick.timer);
    if (this.#pinging) timers.cancel(this.#pinging);
    this.#tick = undefined;
    this.#pinging = undefined;
    for (const local of this.#locals.values()) local.cut();
    for (const socket of this.#waiting) socket.resetAndDestroy();
    this.#locals.clear();
    this.#waiting = [];
    this.#connection?.cut();
    this.#connection = undefined;
  }

  #closed(end: ClientEnd): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'closed', cause: end.cause });
    this.cut();
    this.#events.ended(end);
  }

  #lost(code: number): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'lost', code });
    this.#connection = undefined;
    this.#session.disconnected(this.#effects.clock.monotonic());
    this.#armTick();
    this.#events.lost(code);
  }

  #carryWaiting(): void {
    while (this.#waiting.length > 0) {
      const stream = this.#session.open();
      if (stream === undefined) return;
      const socket = this.#waiting.shift();
      if (!socket) return;
      this.#locals.set(
        stream,
        new LocalConnection(stream, socket, this.#session, this.#effects, () => {
          this.#locals.delete(stream);
          this.#carryWaiting();
        }),
      );
    }
  }

  #press(on: boolean): void {
    this.#pressed = on;
    if (on) this.#connection?.pause();
    else this.#connection?.resume();
    // Nothing is read while paused, so silence proves nothing about the peer.
    if (!on) this.#heard();
  }

  #heard(): number {
    return (this.#heardAt = this.#effects.clock.monotonic());
  }

  #ping(): void {
    if (!this.#connection || this.#pressed) return;
    if (this.#effects.clock.monotonic() - this.#heardAt >= silenceMaxMs) {
      this.#debug('channel', { state: 'dead', silentMs: silenceMaxMs });
      this.#connection.cut();
    } else this.#connection.ping();
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
