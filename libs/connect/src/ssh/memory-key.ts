import { generateKeyPair, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { sshNumber, sshString } from './ssh-wire.ts';

/** A key pair that is never exported: Node signs with it. */
export interface MemoryKey {
  readonly kind: 'ed25519' | 'rsa';
  /** The public key as on the wire. */
  readonly blob: Buffer;
  /** One line of OpenSSH's form, without a comment. */
  readonly publicKey: string;
  /** A signature as on the wire; undefined for an algorithm that is not made (SHA-1). `flags` are those of an agent's request. */
  signature(data: Uint8Array, flags: number): Buffer | undefined;
}

const rsaBits = 3072;
/** SSH_AGENT_RSA_SHA2_256 and _512 (RFC 9987 section 5). */
const rsaHashes = [
  { flag: 4, algorithm: 'rsa-sha2-512', hash: 'sha512' },
  { flag: 2, algorithm: 'rsa-sha2-256', hash: 'sha256' },
] as const;

const generate = promisify(generateKeyPair);

/** Makes a key pair; RSA is for servers that do not take Ed25519. */
export async function memoryKey(kind: MemoryKey['kind']): Promise<MemoryKey> {
  return kind === 'ed25519' ? ed25519() : rsa();
}

async function ed25519(): Promise<MemoryKey> {
  const { publicKey, privateKey } = await generate('ed25519');
  const algorithm = 'ssh-ed25519';
  const blob = Buffer.concat([sshString(algorithm), sshString(member(publicKey, 'x'))]);
  return {
    ...{ kind: 'ed25519', blob, publicKey: line(algorithm, blob) },
    signature: (data) => Buffer.concat([sshString(algorithm), sshString(sign(null, data, privateKey))]),
  };
}

async function rsa(): Promise<MemoryKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: rsaBits });
  const blob = Buffer.concat([
    sshString('ssh-rsa'),
    sshNumber(member(publicKey, 'e')),
    sshNumber(member(publicKey, 'n')),
  ]);
  return {
    ...{ kind: 'rsa', blob, publicKey: line('ssh-rsa', blob) },
    signature: (data, flags) => {
      const wanted = rsaHashes.find(({ flag }) => (flags & flag) !== 0);
      if (!wanted) return undefined;
      return Buffer.concat([sshString(wanted.algorithm), sshString(sign(wanted.hash, data, privateKey))]);
    },
  };
}

function member(key: KeyObject, name: 'x' | 'e' | 'n'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[name] ?? '', 'base64url');
}

function line(algorithm: string, blob: Buffer): string {
  return `${algorithm} ${blob.toString('base64')}`;
}
