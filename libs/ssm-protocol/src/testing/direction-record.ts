import { readAcknowledgedNumber, readFlag, readJsonObject } from '../message/bodies.ts';
import { parseMessage } from '../message/decode.ts';
import { messageTypes } from '../message/message-type.ts';
import { headerFlags, payloadTypes } from '../message/payload-type.ts';
import { smuxCommands } from '../mux/frame.ts';
import { SmuxReader } from '../mux/reader.ts';
import { streamPayloadBytesMax } from '../limits.ts';
import { joinBytes } from './simulated-pair.ts';

/** How much one end has said: handshake messages, flags, and data bytes per smux stream. */
export interface Progress {
  readonly handshake: number;
  readonly flags: number;
  readonly bytes: ReadonlyMap<number, number>;
}

/** How data travels in a session: smux streams, or bytes as they are (counted as stream 1). */
export type RecordForm = 'smux' | 'raw';

const rawStream = 1;

/**
 * Everything that one end put on its data channel, taken apart so that two runs can be compared by what must be equal (bytes per
 * stream, order of handshake messages, flags, numbering) and not by what may differ (cuts, interleaving, resends, ids).
 * Feed frames in the order in which they were sent; resends and early frames are sorted out.
 */
export class DirectionRecord {
  readonly side: 'client' | 'agent';
  /** Handshake payload types in order, with their bodies. */
  readonly handshake: { readonly type: number; readonly body: Readonly<Record<string, unknown>> }[] = [];
  readonly flags: number[] = [];
  /** Terminal sizes, in order. */
  readonly sizes: Readonly<Record<string, unknown>>[] = [];
  /** Texts of exit codes. */
  readonly exitCodes: string[] = [];
  /** Standard error, where it travels apart. */
  readonly errorOutput: Uint8Array[] = [];
  /** Streams in the order of their SYN. */
  readonly opened: number[] = [];
  readonly ended = new Set<number>();
  /** Numbers acknowledged, in order, with repetitions. */
  readonly acknowledged: number[] = [];
  /** What breaks the rules that every end must keep. */
  readonly violations: string[] = [];
  #next = 0;
  readonly #early = new Map<number, { readonly type: number; readonly payload: Uint8Array }>();
  readonly #data = new Map<number, Uint8Array[]>();
  readonly #reader = new SmuxReader({
    command: (command, stream) => this.#command(command, stream),
    data: (stream, bytes) => this.#keep(stream, bytes),
  });

  readonly #form: RecordForm;

  constructor(side: 'client' | 'agent', form: RecordForm = 'smux') {
    this.side = side;
    this.#form = form;
  }

  /** Takes a frame that this end sent. */
  add(frame: Uint8Array): void {
    const parsed = parseMessage(frame);
    if (!parsed.ok) {
      this.violations.push(parsed.reason);
      return;
    }
    const { message } = parsed;
    if (message.messageType === messageTypes.acknowledge) {
      this.#judgeHeader(message, headerFlags.control);
      this.acknowledged.push(readAcknowledgedNumber(message.payload));
      return;
    }
    const own = this.side === 'client' ? messageTypes.inputStreamData : messageTypes.outputStreamData;
    if (message.messageType !== own) return;
    const { sequenceNumber, payloadType, payload } = message;
    const first = this.side === 'agent' && sequenceNumber === 0;
    this.#judgeHeader(message, first ? headerFlags.firstOfStream : headerFlags.none);
    if (payloadType === payloadTypes.output && payload.length > streamPayloadBytesMax) {
      this.violations.push(`message ${sequenceNumber} has ${payload.length} bytes`);
    }
    if (sequenceNumber >= this.#next) {
      this.#early.set(sequenceNumber, { type: payloadType, payload: new Uint8Array(payload) });
    }
    for (let due = this.#early.get(this.#next); due !== undefined; due = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next += 1;
      this.#take(due.type, due.payload);
    }
  }

  #judgeHeader(
    message: {
      headerLength: number;
      schemaVersion: number;
      flags: number;
      payloadLength: number;
      payload: Uint8Array;
      frame: Uint8Array;
    },
    flags: number,
  ): void {
    const padding = message.frame.subarray(4, 36);
    if (message.headerLength !== 116) this.violations.push(`HeaderLength ${message.headerLength}`);
    if (message.schemaVersion !== 1) this.violations.push(`SchemaVersion ${message.schemaVersion}`);
    if (message.flags !== flags) this.violations.push(`Flags ${message.flags} instead of ${flags}`);
    if (message.payloadLength !== message.payload.length) this.violations.push('PayloadLength is wrong');
    if (padding.includes(0)) this.violations.push('MessageType is not padded with spaces');
  }

  #take(type: number, payload: Uint8Array): void {
    if (type === payloadTypes.flag) this.flags.push(readFlag(payload) ?? -1);
    else if (type === payloadTypes.size) this.sizes.push(readJsonObject(payload) ?? {});
    else if (type === payloadTypes.stdErr) this.errorOutput.push(payload);
    else if (type === payloadTypes.exitCode) this.exitCodes.push(new TextDecoder().decode(payload));
    else if (type === payloadTypes.output && this.#form === 'raw') this.#keep(rawStream, payload);
    else if (type === payloadTypes.output) {
      const reason = this.#reader.push(payload);
      if (reason !== undefined) this.violations.push(reason);
    } else this.handshake.push({ type, body: readJsonObject(payload) ?? {} });
  }

  #command(command: number, stream: number): void {
    if (command === smuxCommands.syn) this.opened.push(stream);
    if (command === smuxCommands.fin) this.ended.add(stream);
  }

  #keep(stream: number, bytes: Uint8Array): void {
    if (this.ended.has(stream)) this.violations.push(`data after FIN of stream ${stream}`);
    const list = this.#data.get(stream) ?? [];
    list.push(bytes);
    this.#data.set(stream, list);
  }

  /** Stream messages sent without a gap. */
  get sequenced(): number {
    return this.#next;
  }

  /** All data bytes of a smux stream, or all there are where there is no smux. */
  bytes(stream: number = rawStream): Uint8Array {
    return joinBytes(this.#data.get(stream) ?? []);
  }

  progress(): Progress {
    const bytes = new Map<number, number>();
    for (const [stream, pieces] of this.#data) {
      bytes.set(
        stream,
        pieces.reduce((sum, piece) => sum + piece.length, 0),
      );
    }
    return { handshake: this.handshake.length, flags: this.flags.length, bytes };
  }

  /** True when this end has said at least as much as `other`. */
  covers(other: Progress): boolean {
    const { handshake, flags, bytes } = this.progress();
    return (
      handshake >= other.handshake &&
      flags >= other.flags &&
      [...other.bytes].every(([stream, count]) => (bytes.get(stream) ?? 0) >= count)
    );
  }
}
