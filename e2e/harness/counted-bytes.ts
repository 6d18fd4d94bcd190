import { createCipheriv, createHash } from 'node:crypto';

/** `length` bytes that differ at every offset: the AES-256-CTR keystream under SHA-256 of `sallyport-bulk`, in chunks. */
export function* countedBytes(length: number): Generator<Buffer, undefined> {
  const key = createHash('sha256').update('sallyport-bulk').digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  for (let sent = 0; sent < length;) {
    const chunk = Buffer.alloc(Math.min(65_536, length - sent));
    sent += chunk.length;
    yield cipher.update(chunk);
  }
}

/** SHA-256 of them, hex. */
export function countedDigest(length: number): string {
  const hash = createHash('sha256');
  for (const chunk of countedBytes(length)) hash.update(chunk);
  return hash.digest('hex');
}
