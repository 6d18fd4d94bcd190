import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** A key pair that lives in this process's memory alone. */
export interface EphemeralKey {
  readonly kind: 'ed25519' | 'rsa';
  /** PEM, as the SSH library takes it. */
  readonly privateKey: string;
  /** One line of OpenSSH's form, without a comment. */
  readonly publicKey: string;
}

const rsaBits = 3072;
const generate = promisify(generateKeyPair);

/** Makes a key pair; RSA is for gateways that do not take Ed25519. */
export async function ephemeralKey(kind: EphemeralKey['kind']): Promise<EphemeralKey> {
  // Loaded with the rest of the way by SSH, which most tunnels never take.
  const { utils } = await import('./ssh-library.ts');
  if (kind === 'ed25519') {
    // The library writes some of its Ed25519 keys in a form that it cannot read.
    let made = utils.generateKeyPairSync('ed25519');
    while (utils.parseKey(made.private) instanceof Error) made = utils.generateKeyPairSync('ed25519');
    return { kind, privateKey: made.private, publicKey: made.public.trim() };
  }
  const { privateKey } = await generate('rsa', { modulusLength: rsaBits });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const parsed = utils.parseKey(pem);
  if (parsed instanceof Error) throw parsed;
  return { kind, privateKey: pem, publicKey: `ssh-rsa ${parsed.getPublicSSH().toString('base64')}` };
}
