import { createHash } from 'node:crypto';
import type { Random } from '@sallyport/effects';

/** 256 random bits, with a prefix that secret scanners can find. */
export function makeSecret(random: Random): string {
  return `slpj_${Buffer.from(random.bytes(32)).toString('base64url')}`;
}

/** What is kept of it: 64 hexadecimal digits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}
