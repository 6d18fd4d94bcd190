import { Problem } from '@sallyport/problems';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

const identitiesMax = 100;

/** A new key of auditors: the recipient is public, the identity is theirs alone. */
export async function generateKey(): Promise<{ readonly recipient: string; readonly identity: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** Whether something can be sealed to this public key: an X25519 recipient of age whose check sum is right. */
export function isRecipient(text: string): boolean {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/** The private keys of an identity file as `age-keygen` writes it: one a line, `#` begins a comment (RECORDING_IDENTITY_INVALID). */
export async function readIdentities(file: string): Promise<readonly string[]> {
  const lines = file
    .slice(0, 100_000)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || lines.length > identitiesMax) throw new Problem('RECORDING_IDENTITY_INVALID');
  await recipientsOf(lines);
  return lines;
}

/** The public keys that belong to private ones (RECORDING_IDENTITY_INVALID, which never tells what stood there). */
export async function recipientsOf(identities: readonly string[]): Promise<readonly string[]> {
  try {
    return await Promise.all(identities.map((identity) => identityToRecipient(identity)));
  } catch {
    throw new Problem('RECORDING_IDENTITY_INVALID');
  }
}
