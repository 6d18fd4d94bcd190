import type { Readable } from 'node:stream';
import { Problem } from '@sallyport/problems';

/** What a body must turn out to be. */
export interface BodyPromise {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Keeps the encrypted bodies of recordings under their ids (UUIDs). Bodies stream: none is ever whole in memory. Refuses
 * with RECORDING_STORE_UNAVAILABLE when it can be neither written nor read.
 */
export abstract class RecordingVault {
  /** How long bodies are kept. */
  abstract readonly days: number;
  /**
   * Keeps a body, or nothing: refuses with RECORDING_DIGEST_MISMATCH one that is not what was promised. The same body again
   * changes nothing. RECORDING_ALREADY_STORED where another one lies that cannot be replaced.
   */
  abstract keep(id: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void>;
  /** The body as it lies there; its reader compares the digest. */
  abstract read(id: string): Promise<{ readonly body: Readable; readonly bytes: number }>;
  /** What is not there is removed already. False where it lies and cannot be removed yet: it is to be asked for later. */
  abstract remove(id: string): Promise<boolean>;
}

const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The name of a body in its vault. Refuses with RECORDING_UNKNOWN what is no id. */
export function fileNameOf(id: string): string {
  if (!idForm.test(id)) throw new Problem('RECORDING_UNKNOWN');
  return `${id}.cast.age`;
}
