import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from 'node:crypto';

const digits = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** What stands before the 32 bytes of a private and of a public key for X25519 in their DER forms. */
const privateForm = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicForm = Buffer.from('302a300506032b656e032100', 'hex');
const derived = (from: Uint8Array, salt: Uint8Array, info: string) =>
  Buffer.from(hkdfSync('sha256', from, salt, info, 32));

/** The 32 bytes of an identity of age (Bech32, six digits of which are a check sum). */
function privateBytes(identity: string): Buffer {
  const data = [...identity.trim().toLowerCase().slice('age-secret-key-1'.length, -6)];
  const bits = data.map((digit) => digits.indexOf(digit).toString(2).padStart(5, '0')).join('');
  return Buffer.from(
    Array.from({ length: 32 }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2)),
  );
}

/**
 * The keys that a recording was sealed with, as whoever wrote it had them in memory: an auditor's key opens its header (age-encryption.org/v1), which holds the first; the other
 * is made of it. Throws where the header was not sealed to that key.
 */
export function keysOfRecording(
  file: Buffer,
  identity: string,
): { readonly fileKey: Buffer; readonly payloadKey: Buffer } {
  const [header = '', shown = '', sealed = ''] =
    /^age-encryption\.org\/v1\n[^]*?-> X25519 (\S+)\n(\S+)\n[^]*?--- \S+\n/.exec(file.toString('latin1')) ??
    [];
  const [ephemeral, body] = [Buffer.from(shown, 'base64'), Buffer.from(sealed, 'base64')];
  const own = createPrivateKey({
    key: Buffer.concat([privateForm, privateBytes(identity)]),
    ...{ format: 'der', type: 'pkcs8' },
  } as const);
  const other = createPublicKey({
    key: Buffer.concat([publicForm, ephemeral]),
    ...{ format: 'der', type: 'spki' },
  } as const);
  const recipient = createPublicKey(own).export({ format: 'der', type: 'spki' }).subarray(-32);
  const wrapping = derived(
    diffieHellman({ privateKey: own, publicKey: other }),
    Buffer.concat([ephemeral, recipient]),
    'age-encryption.org/v1/X25519',
  );
  const opener = createDecipheriv('chacha20-poly1305', wrapping, Buffer.alloc(12), { authTagLength: 16 });
  opener.setAuthTag(body.subarray(-16));
  const fileKey = Buffer.concat([opener.update(body.subarray(0, -16)), opener.final()]);
  return {
    fileKey,
    payloadKey: derived(fileKey, file.subarray(header.length, header.length + 16), 'payload'),
  };
}
