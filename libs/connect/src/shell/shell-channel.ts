import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import type { Effects, TimerHandle } from '@sallyport/effects';
import {
  createClientShell,
  type AesGcm,
  type ClientShell,
  type ClientShellEnd,
  type ClientShellReady,
  type KmsRequest,
  type ShellStats,
  type TerminalSize,
} from '@sallyport/ssm-protocol';
import { ChannelPulse } from '../channel-pulse.ts';
import type { Debug } from '../debug.ts';
import type { Connection, ConnectionSink } from '../transport.ts';
import type { LossReason } from '../tunnel-options.ts';

export interface ShellChannelEvents {
  ready(info: ClientShellReady): void;
  /** The agent asks for encryption under this key. */
  dataKeyWanted(request: KmsRequest): void;
  output(bytes: Uint8Array): void;
  errorOutput(bytes: Uint8Array): void;
  exit(code: number): void;
  writable(): void;
  /** The WebSocket is gone, or shall be regarded so; the session may be resumed with another one. */
  lost(reason: LossReason): void;
  /** The session is over for good. */
  ended(end: ClientShellEnd): void;
}

export interface ShellChannelWish {
  readonly demandsEncryption: boolean;
  readonly handshakeTimeoutMs: number;
  /** An agent may be silent for as long as its program is. */
  readonly mayBeSilent: boolean;
}

const messagesPerPump = 64;
/** What an agent that may be silent is told where no terminal has a size: it is how it is asked for a sign of life. */
const assumedSize: TerminalSize = { cols: 80, rows: 24 };
const normalClosure = 1000;
const tagBytes = 16;

/** AES-256-GCM as the wire wants it: no additional data, the tag behind the ciphertext. */
const gcm: AesGcm = {
  encrypt(key, nonce, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt(key, nonce, sealed) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
    } catch {
      return undefined; // not sealed with the key of this session
    }
  },
};

/** One shell or command of Session Manager: the protocol engine joined to a WebSocket. */
export class ShellChannel {
  readonly #effects: Effects;
  readonly #events: ShellChannelEvents;
  readonly #shell: ClientShell;
  readonly #pulse: ChannelPulse;
  readonly #debug: Debug;
  #connection: Connection | undefined;
  /** Counts connections; what an earlier one still says is not listened to. */
  #generation = 0;
  #tick: { readonly at: number; readonly timer: TimerHandle } | undefined;
  #pressed = false;
  #pumpDue = false;
  #over = false;

  constructor(effects: Effects, wish: ShellChannelWish, events: ShellChannelEvents, debug: Debug) {
    this.#effects = effects;
    this.#events = events;
    this.#debug = debug;
    const { clock, random } = effects;
    this.#pulse = new ChannelPulse(effects, {
      ping: () => this.#connection?.ping(),
      unacknowledged: () => this.#shell.stats.unacknowledged,
      dead: (reason) => this.#lost(reason),
    });
    this.#shell = createClientShell(
      {
        environment: {
          sha256: (bytes) => hash('sha256', bytes, 'buffer'),
          uuid: () => random.uuid(),
          wallTime: () => clock.now(),
        },
        encryption: { gcm, randomBytes: (length) => random.bytes(length) },
        ...wish,
      },
      {
        frame: (bytes) => this.#connection?.binary(bytes),
        text: (text) => this.#connection?.text(text),
        sendable: () => this.#pumpSoon(),
        readPressure: (on) => this.#press(on),
        writable: () => events.writable(),
        discarded: (reason) => debug('channel', { discarded: reason }),
        dataKeyWanted: (request) => events.dataKeyWanted(request),
        ready: (info) => {
          debug('channel', { state: 'ready', type: info.type ?? 'unsaid', encrypted: info.encrypted });
          events.ready(info);
        },
        output: (bytes) => events.output(bytes),
        errorOutput: (bytes) => events.errorOutput(bytes),
        exit: (code) => events.exit(code),
        closed: (end) => this.#closed(end),
      },
    );
    if (wish.mayBeSilent) this.#shell.resize(assumedSize, this.#now());
  }

  get stats(): ShellStats {
    return this.#shell.stats;
  }

  /** Whether a WebSocket carries it now. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get over(): boolean {
    return this.#over;
  }

  write(bytes: Uint8Array): number {
    return this.#shell.write(bytes);
  }

  resize(size: TerminalSize): void {
    this.#shell.resize(size, this.#now());
  }

  pauseReading(): void {
    this.#shell.pauseReading();
  }

  resumeReading(): void {
    this.#shell.resumeReading();
  }

  dataKey(key: Parameters<ClientShell['dataKey']>[0]): void {
    this.#shell.dataKey(key, this.#now());
    this.#armTick();
  }

  dataKeyDenied(detail: string): void {
    this.#shell.dataKeyDenied(detail, this.#now());
  }

  /** What a transport calls for the connection it is about to open for this channel. */
  sink(): ConnectionSink {
    const generation = ++this.#generation;
    const present = () => generation === this.#generation && !this.#over;
    return {
      message: (bytes) => {
        if (!present()) return;
        this.#pulse.heardAgent(this.#now());
        this.#shell.receive(bytes, this.#now());
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
    this.#shell.connected(token, this.#now());
    this.#armTick();
  }

  /** The connection must show a sign of life within `patienceMs`, or counts as lost for `reason`. */
  probe(patienceMs: number, reason: LossReason): void {
    if (this.#connection !== undefined && !this.#pressed) this.#pulse.probe(patienceMs, reason);
  }

  /** Cuts WebSocket and timers. Nothing is called back afterwards. */
  cut(): void {
    this.#over = true;
    this.#shell.end();
    if (this.#tick !== undefined) this.#effects.timers.cancel(this.#tick.timer);
    this.#tick = undefined;
    this.#pulse.stop();
    this.#connection?.cut();
    this.#connection = undefined;
  }

  #closed(end: ClientShellEnd): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'closed', cause: end.cause });
    this.cut();
    this.#events.ended(end);
  }

  #lost(reason: LossReason): void {
    if (this.#over) return;
    this.#debug('channel', { state: 'lost', reason });
    this.#generation += 1;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#pulse.stop();
    connection?.cut();
    this.#shell.disconnected(this.#now());
    this.#armTick();
    this.#events.lost(reason);
  }

  #press(on: boolean): void {
    this.#pressed = on;
    if (on) this.#connection?.pause();
    else this.#connection?.resume();
    this.#pulse.deaf(on);
  }

  #pumpSoon(): void {
    if (this.#pumpDue) return;
    this.#pumpDue = true;
    setImmediate(() => {
      this.#pumpDue = false;
      if (this.#connection === undefined || this.#connection.congested) return;
      if (this.#shell.pump(this.#now(), messagesPerPump) === messagesPerPump) this.#pumpSoon();
      this.#armTick();
    });
  }

  #armTick(): void {
    const at = this.#over ? undefined : this.#shell.nextTickAt();
    // A timer that is early does no harm: it finds nothing due and is set again.
    if (at !== undefined && this.#tick !== undefined && this.#tick.at <= at) return;
    const { timers } = this.#effects;
    if (this.#tick !== undefined) timers.cancel(this.#tick.timer);
    this.#tick = undefined;
    if (at === undefined) return;
    const timer = timers.after(Math.max(0, at - this.#now()), () => {
      this.#tick = undefined;
      this.#shell.tick(this.#now());
      this.#armTick();
    });
    this.#tick = { at, timer };
  }

  #now(): number {
    return this.#effects.clock.monotonic();
  }
}
