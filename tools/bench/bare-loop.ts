/**
 * The baseline of `wire` and `session`: the least that a receiver of this protocol can do for each message, written as plainly as
 * possible. Takes the header apart, checks the digest, makes the acknowledgement with its own digest.
 */
import { hash } from 'node:crypto';

const ackType = 'acknowledge'.padEnd(32);
const inputType = 'input_stream_data'.padEnd(32);
const outputType = 'output_stream_data'.padEnd(32);

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');

function frameOf(
  type: string,
  sequence: number,
  flags: number,
  payloadType: number,
  payload: Buffer,
): Buffer {
  const frame = Buffer.allocUnsafe(120 + payload.length);
  frame.fill(0, 0, 120);
  frame.writeUInt32BE(116, 0);
  frame.write(type, 4, 'latin1');
  frame.writeUInt32BE(1, 36);
  frame.writeUIntBE(Date.now(), 42, 6);
  frame.writeUIntBE(sequence, 50, 6);
  frame.writeUInt8(flags, 63);
  frame.writeUIntBE(sequence + 1, 64, 6);
  sha256(payload).copy(frame, 80);
  frame.writeUInt32BE(payloadType, 112);
  frame.writeUInt32BE(payload.length, 116);
  payload.copy(frame, 120);
  return frame;
}

/** A stream message of the given direction. */
export function bareStreamFrame(from: 'client' | 'agent', sequence: number, payload: Buffer): Buffer {
  return frameOf(from === 'client' ? inputType : outputType, sequence, 0, 1, payload);
}

/** Takes one stream message: its payload and the acknowledgement to send; undefined for anything else or a wrong digest. */
export function bareReceive(frame: Buffer): { readonly payload: Buffer; readonly ack: Buffer } | undefined {
  const type = frame.toString('latin1', 4, 36).trimEnd();
  if (type !== 'output_stream_data' && type !== 'input_stream_data') return undefined;
  const sequence = frame.readUIntBE(50, 6);
  const payload = frame.subarray(frame.readUInt32BE(0) + 4);
  if (sha256(payload).compare(frame, 80, 112) !== 0) return undefined;
  const id = frame.toString('hex', 64, 80);
  const body = `{"AcknowledgedMessageType":"${type}","AcknowledgedMessageId":"${id}","AcknowledgedMessageSequenceNumber":${sequence},"IsSequentialMessage":true}`;
  return { payload, ack: frameOf(ackType, 0, 3, 0, Buffer.from(body)) };
}
