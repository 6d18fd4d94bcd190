import { Buffer } from 'node:buffer';
import { Problem } from '@sallyport/problems';
import { messageBytesMax } from './messages.ts';

/** A message on the socket: u32 length in network order, then that many bytes of JSON in UTF-8. */
const headerBytes = 4;

/** @throws Problem HELPER_PROTOCOL when the message is larger than the bound. */
export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  if (body.length > messageBytesMax)
    throw new Problem('HELPER_PROTOCOL', { detail: `A message of ${body.length} bytes is too large.` });
  const frame = Buffer.allocUnsafe(headerBytes + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, headerBytes);
  return frame;
}

/** Puts messages together from any division of the bytes; never holds more than one message's bound plus what came last. */
export class FrameDecoder {
  #held: Buffer = Buffer.alloc(0);

  /**
   * The JSON values that are complete now, not yet judged.
   * @throws Problem HELPER_PROTOCOL on a length of 0 or over the bound, and on what is not JSON; nothing can be read after it.
   */
  push(bytes: Uint8Array): unknown[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const messages: unknown[] = [];
    while (this.#held.length >= headerBytes) {
      const length = this.#held.readUInt32BE(0);
      if (length === 0 || length > messageBytesMax)
        throw new Problem('HELPER_PROTOCOL', { detail: `A message cannot have ${length} bytes.` });
      if (this.#held.length < headerBytes + length) break;
      messages.push(parsed(this.#held.subarray(headerBytes, headerBytes + length)));
      this.#held = this.#held.subarray(headerBytes + length);
    }
    return messages;
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch (cause) {
    throw new Problem('HELPER_PROTOCOL', { detail: 'A message is not JSON.', cause });
  }
}
