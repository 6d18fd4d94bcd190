import type { IncomingMessage } from 'node:http';
import { limits } from '../limits.ts';
import { AwsError } from '../services/aws-error.ts';

/** Reads a body of bounded size. @throws AwsError `too-large`. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limits.bodyBytesMax) throw AwsError.common('too-large', 'The request body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
