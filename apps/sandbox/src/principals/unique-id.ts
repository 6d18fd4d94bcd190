import { createHash } from 'node:crypto';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` base-32 characters (A-Z, 2-7) of the bytes, five bits each. */
export function base32Of(bytes: Uint8Array, length: number): string {
  return Array.from({ length }, (_, i) => base32[(bytes[i % bytes.length] ?? 0) & 31]).join('');
}

/** The unique id AWS would have given a principal: a prefix (`AROA`, `AIDA`) and 17 characters, fixed by its ARN. */
export function uniqueId(prefix: 'AROA' | 'AIDA', arn: string): string {
  return prefix + base32Of(createHash('sha256').update(arn).digest(), 17);
}
