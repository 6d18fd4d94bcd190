import type { WireEnvironment } from '../environment.ts';
import type { WireReason } from '../errors.ts';
import { readAcknowledgedNumber } from '../message/bodies.ts';
import { resendsMax } from '../limits.ts';
import { decodeMessage, type Message } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { headerFlags, payloadTypes } from '../message/payload-type.ts';
import { FrameFactory, type FillPayload } from './frame-factory.ts';
import { ReliableReceiver } from './reliable-receiver.ts';
import { ReliableSender } from './reliable-sender.ts';

/** What a data channel asks of the session above it. */
export interface DataChannelHost {
  /** Put a frame on the socket. */
  frame(bytes: Uint8Array): void;
  /** Can a stream message of this payload type be taken now? If not it is neither acknowledged nor kept. */
  accepts(payloadType: number): WireReason | undefined;
  /** A stream message, in order, each once, already acknowledged. */
  stream(payloadType: number, payload: Uint8Array, now: number): void;
  /** A message outside the stream other than `acknowledge`. */
  control(message: Message, now: number): void;
  discarded(reason: WireReason): void;
  /** `canSend` may have become true. */
  roomToSend(): void;
}

export type Role = 'client' | 'agent';

/** Input goes from client to agent, output from agent to client. */
const streamTypes = {
  client: { sends: messageTypes.inputStreamData, receives: messageTypes.outputStreamData },
  agent: { sends: messageTypes.outputStreamData, receives: messageTypes.inputStreamData },
} as const;

/** One end of the reliable channel: joins codec, sender and receiver. Knows nothing of handshakes or ports. */
export class DataChannel {
  readonly sender: ReliableSender;
  readonly receiver = new ReliableReceiver();
  readonly #role: Role;
  readonly #receives: string;
  readonly #frames: FrameFactory;
  readonly #host: DataChannelHost;
  /** Checks digests of what arrives; the official agent never does (section 4), so its role has none. */
  readonly #sha256: WireEnvironment['sha256'] | undefined;
  readonly #put = (frame: Uint8Array) => this.#host.frame(frame);
  #online = false;
  #paused = false;
  received = 0;

  constructor(role: Role, environment: WireEnvironment, host: DataChannelHost) {
    this.#role = role;
    // The official agent sends again for ever; a session that nobody hears any more is the service's to end.
    this.sender = new ReliableSender(role === 'client' ? resendsMax : Number.POSITIVE_INFINITY);
    this.#receives = streamTypes[role].receives;
    this.#frames = new FrameFactory(environment, streamTypes[role].sends, this.#receives);
    this.#host = host;
    // Wrapped so that the environment keeps its own `this`.
    this.#sha256 = role === 'client' ? (bytes) => environment.sha256(bytes) : undefined;
  }

  /** A socket is there. The second and later times, everything in flight is sent again by `sendFill`. */
  connected(): void {
    this.#online = true;
    this.#paused = false;
    this.sender.startReplay();
  }

  disconnected(): void {
    this.#online = false;
  }

  get online(): boolean {
    return this.#online;
  }

  /** True when a new stream message (or one of a replay) may go out. */
  get canSend(): boolean {
    return this.#online && !this.#paused && (this.sender.replaying || this.sender.hasRoom);
  }

  /** Takes one frame of the socket. */
  receive(frame: Uint8Array, now: number): void {
    const decoded = decodeMessage(frame, this.#sha256);
    if (!decoded.ok) {
      this.#host.discarded(decoded.reason);
      return;
    }
    const { message } = decoded;
    const type = message.messageType;
    if (type === this.#receives) {
      this.#resumePublication();
      this.#receiveStream(message, now);
    } else if (type === messageTypes.acknowledge) {
      this.#resumePublication();
      this.#receiveAcknowledge(message, now);
    } else if (type === messageTypes.startPublication || type === messageTypes.pausePublication) {
      this.#publication(type === messageTypes.pausePublication);
    } else {
      this.#host.control(message, now);
    }
  }

  #receiveAcknowledge(message: Message, now: number): void {
    const number = readAcknowledgedNumber(message.payload);
    if (number < 0) {
      this.#host.discarded('SSM_PAYLOAD_MALFORMED');
    } else if (this.sender.acknowledge(number, now)) {
      this.#host.roomToSend();
    } else {
      this.#host.discarded('SSM_ACKNOWLEDGEMENT_UNKNOWN');
    }
  }

  #receiveStream(message: Message, now: number): void {
    const { sequenceNumber, payloadType, payload } = message;
    const placement = this.receiver.place(sequenceNumber);
    if (placement === 'beyond') {
      this.#host.discarded('SSM_SEQUENCE_BEYOND_WINDOW');
      return;
    }
    if (placement === 'repeated') {
      this.#acknowledge(message.frame, sequenceNumber);
      this.#host.discarded('SSM_SEQUENCE_REPEATED');
      return;
    }
    if (placement === 'early') {
      if (this.receiver.keep(sequenceNumber, payloadType, payload)) {
        this.#acknowledge(message.frame, sequenceNumber);
      } else {
        this.#host.discarded('SSM_REORDER_BUFFER_FULL');
      }
      return;
    }
    // The expected number may have been kept already, acknowledged but refused by a full buffer above.
    const kept = this.receiver.peek() !== undefined;
    const refused = this.#host.accepts(payloadType);
    if (refused !== undefined && !kept) {
      this.#host.discarded(refused);
      return;
    }
    // Acknowledged before it is processed: the client's answer to a handshake must come after its acknowledgement, and the
    // agent's HandshakeComplete after the acknowledgement of the response (specification section 15.1).
    this.#acknowledge(message.frame, sequenceNumber);
    if (!kept) {
      this.receiver.advance();
      this.received += 1;
      this.#host.stream(payloadType, payload, now);
    }
    this.drainEarly(now);
  }

  /** Hands on messages that were kept and are due now, as long as they are accepted. */
  drainEarly(now: number): void {
    for (;;) {
      const early = this.receiver.peek();
      if (early === undefined || this.#host.accepts(early.payloadType) !== undefined) return;
      this.receiver.release();
      this.received += 1;
      this.#host.stream(early.payloadType, early.payload, now);
    }
  }

  #acknowledge(frame: Uint8Array, sequence: number): void {
    if (this.#online) this.#host.frame(this.#frames.acknowledge(frame, sequence));
  }

  #publication(pause: boolean): void {
    // The official client has ignored both since 1.2.295; pausing is the agent's affair (section 6.6).
    if (this.#role === 'client') return;
    if (pause) this.#paused = true;
    else this.#resumePublication();
  }

  #resumePublication(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#host.roomToSend();
  }

  /** Sends one stream message with what `fill` writes, or one of a replay. False when nothing went. */
  sendFill(now: number, fill: FillPayload): boolean {
    if (this.replay(now)) return true;
    if (!this.sender.hasRoom) return false;
    const sequence = this.sender.nextSequence;
    const frame = this.#frames.stream(sequence, this.#flagsOf(sequence), payloadTypes.output, fill);
    if (frame === undefined) return false;
    this.sender.store(frame, now);
    this.#host.frame(frame);
    return true;
  }

  /** Sends the next message of a replay. False when none is under way. */
  replay(now: number): boolean {
    return this.sender.replaying && this.sender.replay(now, this.#put);
  }

  /** Sends one stream message with a whole payload at once (handshake, flags). False when the ring is full. */
  sendWhole(payloadType: number, payload: Uint8Array, now: number): boolean {
    if (!this.sender.hasSpace) return false;
    const sequence = this.sender.nextSequence;
    const frame = this.#frames.streamWhole(sequence, this.#flagsOf(sequence), payloadType, payload);
    this.sender.store(frame, now);
    if (this.#online) this.#host.frame(frame);
    return true;
  }

  /** Sends a message outside the stream; it is not kept. */
  sendControl(messageType: string, payload: Uint8Array): void {
    if (this.#online) this.#host.frame(this.#frames.control(messageType, payload));
  }

  #flagsOf(sequence: number): number {
    return this.#role === 'agent' && sequence === 0 ? headerFlags.firstOfStream : headerFlags.none;
  }

  get tickAt(): number | undefined {
    return this.#online && !this.#paused ? this.sender.tickAt : undefined;
  }

  /** Sends overdue messages again. False when one was sent too often. */
  tick(now: number): boolean {
    if (!this.#online || this.#paused) {
      this.sender.postpone(now);
      return true;
    }
    return this.sender.tick(now, this.#put);
  }
}
