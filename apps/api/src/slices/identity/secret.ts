import { createHash } from 'node:crypto';
import type { Random } from '@sallyport/effects';

const secretBytes = 32;

/** What personal access tokens begin with, so that scanners and people recognise one. */
export const tokenPrefix = 'slp_';

/** 256 random bits as 43 characters that need no escaping anywhere. */
export function makeSecret(random: Random, prefix = ''): string {
  return prefix + Buffer.from(random.bytes(secretBytes)).toString('base64url');
}

/** What is kept of a secret: 64 hexadecimal digits. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/** Whether a text can be a secret of ours at all; spares the database the question. */
export function looksLikeSecret(text: string, prefix = ''): boolean {
  return text.startsWith(prefix) && /^[\w-]{43}$/.test(text.slice(prefix.length));
}
