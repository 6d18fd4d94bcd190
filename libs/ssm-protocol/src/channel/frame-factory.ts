import type { WireEnvironment } from '../environment.ts';
import { AcknowledgeWriter } from '../message/bodies.ts';
import { headerLength, offsets, writeUint32, writeUint64 } from '../message/layout.ts';
import { messageTypes, padMessageType } from '../message/message-type.ts';
import { headerFlags, payloadTypes } from '../message/payload-type.ts';
import { MessageIds } from '../message/uuid.ts';
import { streamPayloadBytesMax } from '../limits.ts';

const slabBytes = 65_536;

/** A piece of memory that frames are cut from, one behind the other. */
class Slab {
  bytes = new Uint8Array(0);
  cursor = 0;

  /** Where a frame of up to `length` bytes may be written; `cursor` moves only when the frame is complete. */
  reserve(length: number): number {
    if (this.cursor + length > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(slabBytes, length));
      this.cursor = 0;
    }
    return this.cursor;
  }
}

/** Writes payload bytes at an offset, at most `room` of them, and returns how many. */
export type FillPayload = (target: Uint8Array, at: number, room: number) => number;

/**
 * Makes the frames that one end sends. Frames are cut from slabs, since an allocation per kilobyte would cost more than
 * everything else but the digest; headers start as copies of a template.
 */
export class FrameFactory {
  readonly #environment: WireEnvironment;
  readonly #ids: MessageIds;
  readonly #streamHeader: Uint8Array;
  readonly #acknowledgeHeader: Uint8Array;
  readonly #acknowledgeBody: AcknowledgeWriter;
  /** Stream frames live until they are acknowledged, others are gone at once: apart, the one do not keep the others. */
  readonly #kept = new Slab();
  readonly #passing = new Slab();

  /** `sends` and `receives` are the stream types of this end's role. */
  constructor(environment: WireEnvironment, sends: string, receives: string) {
    this.#environment = environment;
    this.#ids = new MessageIds(environment.uuid());
    this.#streamHeader = template(sends);
    this.#acknowledgeHeader = template(messageTypes.acknowledge);
    this.#acknowledgeBody = new AcknowledgeWriter(receives);
  }

  /** A stream message with the payload that `fill` writes; undefined when it writes none. */
  stream(sequence: number, flags: number, payloadType: number, fill: FillPayload): Uint8Array | undefined {
    const slab = this.#kept;
    const at = slab.reserve(offsets.payload + streamPayloadBytesMax);
    const length = fill(slab.bytes, at + offsets.payload, streamPayloadBytesMax);
    if (length === 0) return undefined;
    slab.bytes.set(this.#streamHeader, at);
    return this.#complete(slab, length, sequence, flags, payloadType);
  }

  /** A stream message with a whole payload, which may be longer than 1024 bytes (handshake). */
  streamWhole(sequence: number, flags: number, payloadType: number, payload: Uint8Array): Uint8Array {
    const slab = this.#kept;
    const at = slab.reserve(offsets.payload + payload.length);
    slab.bytes.set(this.#streamHeader, at);
    slab.bytes.set(payload, at + offsets.payload);
    return this.#complete(slab, payload.length, sequence, flags, payloadType);
  }

  /** The acknowledgement of the received stream message `frame`. */
  acknowledge(frame: Uint8Array, sequence: number): Uint8Array {
    const slab = this.#passing;
    const at = slab.reserve(offsets.payload + this.#acknowledgeBody.bytesMax);
    slab.bytes.set(this.#acknowledgeHeader, at);
    const to = at + offsets.payload;
    const length = this.#acknowledgeBody.write(slab.bytes, to, frame, offsets.messageId, sequence);
    return this.#complete(slab, length, 0, headerFlags.control, payloadTypes.none);
  }

  /** A message outside the stream, such as `agent_session_state`. */
  control(messageType: string, payload: Uint8Array): Uint8Array {
    const slab = this.#passing;
    const at = slab.reserve(offsets.payload + payload.length);
    slab.bytes.set(template(messageType), at);
    slab.bytes.set(payload, at + offsets.payload);
    return this.#complete(slab, payload.length, 0, headerFlags.control, payloadTypes.none);
  }

  /** Fills the variable fields of the frame that was begun at the cursor, and cuts it. */
  #complete(slab: Slab, length: number, sequence: number, flags: number, payloadType: number): Uint8Array {
    const { bytes, cursor: at } = slab;
    const end = at + offsets.payload + length;
    writeUint64(bytes, at + offsets.createdDate, this.#environment.wallTime());
    writeUint64(bytes, at + offsets.sequenceNumber, sequence);
    bytes[at + offsets.flags + 7] = flags;
    bytes.set(this.#ids.next(), at + offsets.messageId);
    const digest = this.#environment.sha256(bytes.subarray(at + offsets.payload, end));
    bytes.set(digest, at + offsets.payloadDigest);
    bytes[at + offsets.payloadType + 3] = payloadType;
    writeUint32(bytes, at + offsets.payloadLength, length);
    slab.cursor = end;
    return bytes.subarray(at, end);
  }
}

function template(messageType: string): Uint8Array {
  const header = new Uint8Array(offsets.payload);
  const type = padMessageType(messageType);
  if (type === undefined) throw new RangeError('MessageType is longer than 32 bytes');
  writeUint32(header, offsets.headerLength, headerLength);
  header.set(type, offsets.messageType);
  writeUint32(header, offsets.schemaVersion, 1);
  return header;
}
