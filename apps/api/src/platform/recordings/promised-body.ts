import { createHash } from 'node:crypto';
import { Problem } from '@sallyport/problems';
import type { BodyPromise } from './recording-vault.ts';

/** Passes a body on chunk by chunk, and refuses with RECORDING_DIGEST_MISMATCH as soon as it is not the promised one. */
export async function* promisedBody(
  body: AsyncIterable<Uint8Array>,
  { bytes, sha256 }: BodyPromise,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.length;
    if (seen > bytes) throw mismatch(`More than the announced ${bytes} bytes arrived.`);
    hash.update(chunk);
    yield chunk;
  }
  if (seen < bytes) throw mismatch(`${seen} of the announced ${bytes} bytes arrived.`);
  if (hash.digest('hex') !== sha256) throw mismatch('Its SHA-256 is another than was announced.');
}

function mismatch(detail: string): Problem {
  return new Problem('RECORDING_DIGEST_MISMATCH', { detail });
}
