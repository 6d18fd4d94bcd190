import type { WireEnvironment } from '../environment.ts';
import { AcknowledgeWriter } from '../message/bodies.ts';
import { headerLength, offsets, writeUint32, writeUint64 } from '../message/layout.ts';
import { messageTypes, padMessageType } from '../message/message-type.ts';
import { headerFlags, payloadTypes } from '../message/payload-type.ts';
import { MessageIds } from '../message/uuid.ts';
import { streamPayloadBytesMax } from '../limits.ts';

const slabBytes = 65_536;

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
  #slab = new Uint8Array(0);
  #cursor = 0;

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
    const at = this.#reserve(offsets.payload + streamPayloadBytesMax);
    const length = fill(this.#slab, at + offsets.payload, streamPayloadBytesMax);
    if (length === 0) return undefined;
    this.#slab.set(this.#streamHeader, at);
    return this.#complete(at, length, sequence, flags, payloadType);
  }

  /** A stream message with a whole payload, which may be longer than 1024 bytes (handshake). */
  streamWhole(sequence: number, flags: number, payloadType: number, payload: Uint8Array): Uint8Array {
    const at = this.#reserve(offsets.payload + payload.length);
    this.#slab.set(this.#streamHeader, at);
    this.#slab.set(payload, at + offsets.payload);
    return this.#complete(at, payload.length, sequence, flags, payloadType);
  }

  /** The acknowledgement of the received stream message `frame`. */
  acknowledge(frame: Uint8Array, sequence: number): Uint8Array {
    const at = this.#reserve(offsets.payload + this.#acknowledgeBody.bytesMax);
    this.#slab.set(this.#acknowledgeHeader, at);
    const to = at + offsets.payload;
    const length = this.#acknowledgeBody.write(this.#slab, to, frame, offsets.messageId, sequence);
    return this.#complete(at, length, 0, headerFlags.control, payloadTypes.none);
  }

  /** A message outside the stream, such as `agent_session_state`. */
  control(messageType: string, payload: Uint8Array): Uint8Array {
    const at = this.#reserve(offsets.payload + payload.length);
    this.#slab.set(template(messageType), at);
    this.#slab.set(payload, at + offsets.payload);
    return this.#complete(at, payload.length, 0, headerFlags.control, payloadTypes.none);
  }

  #complete(at: number, length: number, sequence: number, flags: number, payloadType: number): Uint8Array {
    const slab = this.#slab;
    const end = at + offsets.payload + length;
    writeUint64(slab, at + offsets.createdDate, this.#environment.wallTime());
    writeUint64(slab, at + offsets.sequenceNumber, sequence);
    slab[at + offsets.flags + 7] = flags;
    slab.set(this.#ids.next(), at + offsets.messageId);
    slab.set(this.#environment.sha256(slab.subarray(at + offsets.payload, end)), at + offsets.payloadDigest);
    slab[at + offsets.payloadType + 3] = payloadType;
    writeUint32(slab, at + offsets.payloadLength, length);
    this.#cursor = end;
    return slab.subarray(at, end);
  }

  /** Where a frame of up to `bytes` may be written. What is not used is given back by `#complete`. */
  #reserve(bytes: number): number {
    if (this.#cursor + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(slabBytes, bytes));
      this.#cursor = 0;
    }
    return this.#cursor;
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
