import { DataChannel, type Role } from '../channel/data-channel.ts';
import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { flagPayload } from '../message/bodies.ts';
import type { Message } from '../message/decode.ts';
import { payloadTypes, type flagValues } from '../message/payload-type.ts';
import { MuxCarrier } from '../mux/mux-carrier.ts';
import { BasicCarrier } from './basic-carrier.ts';
import type { Carrier, CarrierHost } from './carrier.ts';
import type {
  PortMode,
  PortSession,
  SessionSink,
  SessionStats,
  StreamId,
  StreamWaiting,
} from './contract.ts';
import { StreamTable, type StreamTableHost } from './stream-table.ts';

type Flag = (typeof flagValues)[keyof typeof flagValues];

/** Flags waiting for room in the window. More are only informative (flag 3), so a hostile peer cannot pile them up. */
const waitingFlagsMax = 64;

/**
 * What both roles have in common: the channel, the streams, and the pumping between them. The subclasses add the
 * handshake, the meaning of flags, and how a session ends.
 */
export abstract class PortSessionBase implements PortSession {
  protected readonly channel: DataChannel;
  protected readonly table: StreamTable;
  protected carrier: Carrier | undefined;
  protected basic: BasicCarrier | undefined;
  /** The latest time that the driver told. */
  protected now = 0;
  /** Nothing is done any more. */
  protected over = false;
  readonly #sink: SessionSink;
  readonly #role: Role;
  #signalled = false;
  #waitingFlags: Flag[] = [];
  readonly #fill = (target: Uint8Array, at: number, room: number) =>
    this.over ? 0 : (this.carrier?.fill(target, at, room) ?? 0);

  constructor(role: Role, environment: WireEnvironment, sink: SessionSink) {
    this.#sink = sink;
    this.#role = role;
    const tableHost: StreamTableHost = {
      data: (stream, bytes) => sink.data(stream, bytes),
      end: (stream) => sink.end(stream),
      writable: (stream) => sink.writable(stream),
      readPressure: (on) => {
        // Whatever is under way to us stands behind what nobody reads.
        this.channel.sender.deaf(on, this.now);
        sink.readPressure(on);
      },
      outgoing: () => this.wake(),
    };
    this.table = new StreamTable(tableHost);
    this.channel = new DataChannel(role, environment, {
      frame: (bytes) => sink.frame(bytes),
      accepts: (payloadType) => this.accepts(payloadType),
      stream: (payloadType, payload, now) => this.streamMessage(payloadType, payload, now),
      control: (message, now) => this.controlMessage(message, now),
      discarded: (reason) => sink.discarded(reason),
      roomToSend: () => this.#roomToSend(),
    });
  }

  /** A reason to refuse stream messages of this type for now. */
  protected abstract accepts(payloadType: number): WireReason | undefined;
  protected abstract streamMessage(payloadType: number, payload: Uint8Array, now: number): void;
  protected abstract controlMessage(message: Message, now: number): void;
  /** A message was sent too often without being acknowledged. */
  protected abstract gaveUp(): void;
  /** The peer was silent for too long where keep-alives are spoken. */
  protected abstract silent(): void;
  /** The stream closed by our side has been sent to its last byte (basic and standard-stream). */
  protected abstract basicEnded(): void;
  /** The peer opened a stream. */
  protected abstract opened(stream: StreamId): void;
  /** When the role's own time-out is due. */
  protected abstract readonly deadline: number | undefined;
  protected abstract deadlinePassed(now: number): void;

  /** Starts carrying streams, in the mode that both ends agreed on. `keepAlive`: the peer speaks smux keep-alive. */
  protected startCarrier(mode: PortMode, keepAlive: boolean): void {
    const host: CarrierHost = {
      opened: (stream) => this.opened(stream),
      outgoing: () => this.wake(),
      discarded: (reason) => this.#sink.discarded(reason),
    };
    if (mode === 'mux') {
      this.carrier = new MuxCarrier(this.#role, this.table, host, keepAlive ? this.now : undefined);
      return;
    }
    this.basic = new BasicCarrier(this.#role, this.table, host, () => this.basicEnded());
    this.carrier = this.basic;
    this.basic.start();
  }

  /** Feeds an Output payload to the carrier; a reason when the multiplexed stream is broken. */
  protected receiveOutput(payload: Uint8Array): WireReason | undefined {
    const reason = this.carrier?.receive(payload);
    if (reason !== undefined) this.#sink.discarded(reason);
    return reason;
  }

  /** Ends everything: no stream, no more work. */
  protected stop(): void {
    this.over = true;
    for (const stream of [...this.table.streams.values()]) this.table.remove(stream);
    this.#waitingFlags = [];
  }

  receive(frame: Uint8Array, now: number): void {
    this.now = now;
    this.channel.receive(frame, now);
  }

  pump(now: number, maxMessages = Number.POSITIVE_INFINITY): number {
    this.now = now;
    this.#signalled = false;
    let sent = 0;
    while (sent < maxMessages && this.channel.canSend && this.channel.sendFill(now, this.#fill)) {
      sent += 1;
      this.basic?.sent();
    }
    return sent;
  }

  /** Tells the driver, once, that `pump` has something to send. */
  protected wake(): void {
    if (this.#signalled || !this.channel.canSend) return;
    if (!this.channel.sender.replaying && !(this.carrier?.pending ?? false)) return;
    this.#signalled = true;
    this.#sink.sendable();
  }

  /** Sends a flag as the next stream message, as soon as the window has room. */
  protected sendFlag(flag: Flag): void {
    if (this.#waitingFlags.length < waitingFlagsMax) this.#waitingFlags.push(flag);
    this.#flushFlags();
  }

  #flushFlags(): void {
    while (this.#waitingFlags.length > 0) {
      const payload = flagPayload(this.#waitingFlags[0]!);
      if (!this.channel.sendWhole(payloadTypes.flag, payload, this.now)) return;
      this.#waitingFlags.shift();
    }
  }

  #roomToSend(): void {
    if (this.#waitingFlags.length > 0) this.#flushFlags();
    this.wake();
  }

  nextTickAt(): number | undefined {
    // Asked after every message, so no lists are made here.
    let at = this.channel.tickAt;
    if (this.over) return at;
    at = earlier(at, this.deadline);
    return this.channel.online ? earlier(at, this.carrier?.keepAliveAt) : at;
  }

  tick(now: number): void {
    this.now = now;
    if (!this.channel.tick(now)) {
      if (!this.over) this.gaveUp();
      return;
    }
    if (this.over) return;
    if (this.deadline !== undefined && now >= this.deadline) {
      this.deadlinePassed(now);
    } else if (
      this.channel.online &&
      this.carrier !== undefined &&
      !this.carrier.keepAlive(now, this.table.pressing)
    ) {
      this.silent();
    }
  }

  disconnected(now: number): void {
    this.now = now;
    this.channel.disconnected();
    // A driver whose socket was congested may have left the last signal unanswered, and it died with that socket.
    this.#signalled = false;
  }

  write(stream: StreamId, bytes: Uint8Array): number {
    if (this.over) return 0;
    const taken = this.table.write(stream, bytes);
    if (taken > 0) this.carrier?.written(stream);
    return taken;
  }

  end(stream: StreamId): void {
    if (!this.over) this.carrier?.end(stream);
  }

  abort(stream: StreamId): void {
    if (!this.over) this.carrier?.abort(stream);
  }

  pauseReading(stream: StreamId): void {
    this.table.pauseReading(stream);
  }

  resumeReading(stream: StreamId): void {
    const wasFull = this.table.full;
    this.table.resumeReading(stream);
    if (wasFull && !this.table.full) this.channel.drainEarly(this.now);
  }

  get stats(): SessionStats {
    const { sender } = this.channel;
    return {
      messagesSent: sender.nextSequence,
      messagesReceived: this.channel.received,
      messagesResent: sender.resent,
      streamBytesSent: this.table.bytesSent,
      streamBytesReceived: this.table.bytesReceived,
      unacknowledged: sender.unacknowledged,
      streams: this.table.streams.size,
      roundTripMs: sender.rtt.smoothedMs,
      baseRoundTripMs: Number.isFinite(sender.pacing.baseMs) ? sender.pacing.baseMs : 0,
      windowMessages: sender.pacing.messages,
      queuedBytes: this.table.outgoingBytes,
      keptBytes: this.table.incomingBytes,
      earlyBytes: this.channel.receiver.earlyBytes,
    };
  }

  waiting(id: StreamId): StreamWaiting | undefined {
    const stream = this.table.streams.get(id);
    return stream && { queuedBytes: stream.outgoing.length, keptBytes: stream.incoming.length };
  }
}

function earlier(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined) return right;
  return right === undefined || left < right ? left : right;
}
