import { createHash } from 'node:crypto';
import { Problem } from '@sallyport/problems';
import type { ServerHostKeyAlgorithm } from './ssh-library.ts';

/** Signature algorithms for a kind of host key, best first. Those with SHA-1 and DSA are never taken. */
const algorithmsOf: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** The host keys of one instance that are on record. */
export class HostKeys {
  readonly #instanceId: string;
  readonly #keys: readonly { readonly kind: string; readonly blob: Buffer }[];

  /** `lines` are OpenSSH's, `kind base64`, with or without a comment. Throws Problem SSH_HOST_KEY_UNKNOWN when none can be used. */
  constructor(instanceId: string, lines: readonly string[]) {
    this.#instanceId = instanceId;
    this.#keys = lines
      .map((line) => line.trim().split(/\s+/))
      .map(([kind = '', base64 = '']) => ({ kind, blob: Buffer.from(base64, 'base64') }))
      .filter(({ kind, blob }) => Object.hasOwn(algorithmsOf, kind) && blob.length > 0);
    if (this.#keys.length === 0)
      throw new Problem('SSH_HOST_KEY_UNKNOWN', {
        detail: `No usable host key of ${instanceId} is on record.`,
      });
  }

  /** What the server may sign with: first the kinds on record, so that it shows one of those, then the others, so that a change can be told. */
  get algorithms(): ServerHostKeyAlgorithm[] {
    const recorded = this.#keys.flatMap(({ kind }) => algorithmsOf[kind] ?? []);
    return [...new Set([...recorded, ...Object.values(algorithmsOf).flat()])];
  }

  /** Undefined when the shown key (as on the wire) is on record, else the Problem SSH_HOST_KEY_CHANGED with both fingerprints. */
  judge(shown: Buffer): Problem | undefined {
    if (this.#keys.some(({ blob }) => blob.equals(shown))) return undefined;
    const known = this.#keys.map(({ blob }) => fingerprint(blob)).join(', ');
    return new Problem('SSH_HOST_KEY_CHANGED', {
      detail: `${this.#instanceId} shows ${fingerprint(shown)}; on record is ${known}.`,
    });
  }
}

/** SHA256 fingerprint of a key blob, as `ssh-keygen -l` shows it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
