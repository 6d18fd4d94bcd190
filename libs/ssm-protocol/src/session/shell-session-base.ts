import { DataChannel, type Role } from '../channel/data-channel.ts';
import type { SessionCipher } from '../encryption/session-cipher.ts';
import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { readBufferBytesMax, readPressureBytes, streamWriteBytesMax } from '../limits.ts';
import type { Message } from '../message/decode.ts';
import { payloadTypes } from '../message/payload-type.ts';
import { OutgoingRuns } from './shell-bytes.ts';
import type { ShellSession, ShellSink, ShellStats } from './shell-contract.ts';

/** Payload types that carry what a program reads and writes, and that are encrypted where a session is. */
const carried: ReadonlySet<number> = new Set([
  payloadTypes.output,
  payloadTypes.stdErr,
  payloadTypes.exitCode,
]);

/**
 * What both ends of a shell have in common: the channel, one stream of typed payloads each way, and their encryption. The subclasses
 * add the handshake and how a session ends.
 */
export abstract class ShellSessionBase implements ShellSession {
  protected readonly channel: DataChannel;
  /** The latest time that the driver told. */
  protected now = 0;
  /** Nothing is done any more. */
  protected over = false;
  /** What is written may go out. */
  protected open = false;
  protected cipher: SessionCipher | undefined;
  protected readonly outgoing = new OutgoingRuns();
  readonly #sink: ShellSink;
  #signalled = false;
  #wantsRoom = false;
  #paused = false;
  #delivering = false;
  #kept: { readonly payloadType: number; readonly payload: Uint8Array }[] = [];
  #keptBytes = 0;
  #pressing = false;
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(role: Role, environment: WireEnvironment, sink: ShellSink) {
    this.#sink = sink;
    this.channel = new DataChannel(role, environment, {
      frame: (bytes) => sink.frame(bytes),
      accepts: (payloadType) => this.#accepts(payloadType),
      stream: (payloadType, payload, now) => this.#streamMessage(payloadType, payload, now),
      control: (message, now) => this.controlMessage(message, now),
      discarded: (reason) => sink.discarded(reason),
      roomToSend: () => {
        this.wake();
        this.acknowledged();
      },
    });
  }

  /** A reason to refuse the program's bytes for now. */
  protected abstract refusal(): WireReason | undefined;
  /** A stream message that is not of the program: handshake, size, flag. */
  protected abstract sessionMessage(payloadType: number, payload: Uint8Array, now: number): void;
  /** The program's bytes, in order, decrypted. */
  protected abstract deliver(payloadType: number, payload: Uint8Array): void;
  /** Called before the program's bytes are opened. False when they are not due, and the subclass has said why. */
  protected abstract due(payloadType: number): boolean;
  protected abstract controlMessage(message: Message, now: number): void;
  /** A message was sent too often without being acknowledged. */
  protected abstract gaveUp(): void;
  /** An encrypted payload does not open. */
  protected abstract notAuthentic(): void;
  /** Something was acknowledged. */
  protected abstract acknowledged(): void;
  /** All that was kept for a slow reader has been handed on. */
  protected abstract caughtUp(): void;
  protected abstract readonly deadline: number | undefined;
  protected abstract deadlinePassed(now: number): void;
  /** Sends what goes before the program's bytes. True when a message went. */
  protected abstract sendUrgent(now: number): boolean;
  protected abstract readonly urgent: boolean;
  /** What is urgent goes out before the program's bytes may. */
  protected urgentEarly = false;

  #accepts(payloadType: number): WireReason | undefined {
    if (!carried.has(payloadType)) return undefined;
    return this.refusal() ?? (this.#keptBytes >= readBufferBytesMax ? 'SSM_READ_BUFFER_FULL' : undefined);
  }

  #streamMessage(payloadType: number, payload: Uint8Array, now: number): void {
    if (this.over) return;
    if (!carried.has(payloadType)) {
      this.sessionMessage(payloadType, payload, now);
      return;
    }
    if (payload.length === 0) {
      this.#sink.discarded('SSM_PAYLOAD_EMPTY');
      return;
    }
    if (!this.due(payloadType)) return;
    const plain = this.cipher === undefined ? payload : this.cipher.open(payload);
    if (plain === undefined) {
      this.#sink.discarded('SSM_PAYLOAD_NOT_AUTHENTIC');
      this.notAuthentic();
      return;
    }
    this.#bytesReceived += plain.length;
    if (this.#paused || this.#kept.length > 0) this.#keep(payloadType, plain);
    else this.deliver(payloadType, plain);
  }

  #keep(payloadType: number, plain: Uint8Array): void {
    this.#kept.push({ payloadType, payload: new Uint8Array(plain) });
    this.#keptBytes += plain.length;
    if (this.#keptBytes >= readPressureBytes) this.#press(true);
  }

  #press(on: boolean): void {
    if (this.#pressing === on) return;
    this.#pressing = on;
    this.channel.sender.deaf(on, this.now);
    this.#sink.readPressure(on);
  }

  /** True while received bytes wait for a slow reader. */
  protected get keeps(): boolean {
    return this.#kept.length > 0;
  }

  pauseReading(): void {
    this.#paused = true;
  }

  resumeReading(): void {
    this.#paused = false;
    if (this.#delivering) return;
    const wasFull = this.#keptBytes >= readBufferBytesMax;
    this.#delivering = true;
    while (!this.#paused) {
      const next = this.#kept.shift();
      if (next === undefined) break;
      this.#keptBytes -= next.payload.length;
      this.deliver(next.payloadType, next.payload);
    }
    this.#delivering = false;
    if (this.#keptBytes < readPressureBytes) this.#press(false);
    if (wasFull && this.#keptBytes < readBufferBytesMax) this.channel.drainEarly(this.now);
    if (this.#kept.length === 0) this.caughtUp();
  }

  receive(frame: Uint8Array, now: number): void {
    this.now = now;
    this.channel.receive(frame, now);
  }

  write(bytes: Uint8Array): number {
    return this.offer(payloadTypes.output, bytes);
  }

  /** Takes as many bytes of one payload type as there is room for. */
  protected offer(payloadType: number, bytes: Uint8Array): number {
    if (this.over) return 0;
    const taken = Math.min(bytes.length, streamWriteBytesMax - this.outgoing.length);
    if (taken < bytes.length) this.#wantsRoom = true;
    if (taken <= 0) return 0;
    this.outgoing.push(payloadType, taken === bytes.length ? bytes : bytes.subarray(0, taken));
    this.wake();
    return taken;
  }

  pump(now: number, maxMessages = Number.POSITIVE_INFINITY): number {
    this.now = now;
    this.#signalled = false;
    let sent = 0;
    while (sent < maxMessages && this.channel.canSend && this.#sendNext(now)) sent += 1;
    if (this.#wantsRoom && this.outgoing.length < streamWriteBytesMax) {
      this.#wantsRoom = false;
      this.#sink.writable();
    }
    return sent;
  }

  #sendNext(now: number): boolean {
    if (this.channel.replay(now)) return true;
    if (this.over || !(this.open || this.urgentEarly)) return false;
    if (this.sendUrgent(now)) return true;
    if (!this.open) return false;
    const next = this.outgoing.take();
    if (next === undefined) return false;
    this.#bytesSent += next.payload.length;
    const payload = this.cipher === undefined ? next.payload : this.cipher.seal(next.payload);
    return this.channel.sendWhole(next.payloadType, payload, now);
  }

  /** Tells the driver, once, that `pump` has something to send. */
  protected wake(): void {
    if (this.#signalled || !this.channel.canSend) return;
    const urgent = this.urgent && (this.open || this.urgentEarly);
    const waits = !this.over && (urgent || (this.open && this.outgoing.length > 0));
    if (!waits && !this.channel.sender.replaying) return;
    this.#signalled = true;
    this.#sink.sendable();
  }

  /** Ends everything: nothing waits any more. */
  protected stop(): void {
    this.over = true;
    this.outgoing.clear();
    this.#kept = [];
    this.#keptBytes = 0;
  }

  disconnected(now: number): void {
    this.now = now;
    this.channel.disconnected();
    this.#signalled = false;
  }

  nextTickAt(): number | undefined {
    const at = this.channel.tickAt;
    const deadline = this.over ? undefined : this.deadline;
    if (deadline === undefined) return at;
    return at === undefined || deadline < at ? deadline : at;
  }

  tick(now: number): void {
    this.now = now;
    if (!this.channel.tick(now)) {
      if (!this.over) this.gaveUp();
    } else if (!this.over && this.deadline !== undefined && now >= this.deadline) {
      this.deadlinePassed(now);
    }
  }

  get stats(): ShellStats {
    const { sender, receiver } = this.channel;
    return {
      messagesSent: sender.nextSequence,
      messagesReceived: this.channel.received,
      messagesResent: sender.resent,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      unacknowledged: sender.unacknowledged,
      roundTripMs: sender.rtt.smoothedMs,
      queuedBytes: this.outgoing.length,
      keptBytes: this.#keptBytes,
      earlyBytes: receiver.earlyBytes,
    };
  }
}
