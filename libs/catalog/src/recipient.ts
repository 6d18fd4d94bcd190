import { bech32 } from '@scure/base';

/** Whether this is a public key of age (X25519), check sum and all: a key with a slip in it would make recordings that nobody can read. */
export function isRecipient(text: string): boolean {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  const read = bech32.decodeUnsafe(text);
  return read !== undefined && read.prefix === 'age' && bech32.fromWordsUnsafe(read.words)?.length === 32;
}
