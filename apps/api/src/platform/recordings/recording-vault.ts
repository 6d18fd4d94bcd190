import type { Readable } from 'node:stream';

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
  /** Keeps a body, or nothing: refuses with RECORDING_DIGEST_MISMATCH one that is not what was promised. The same body again changes nothing. */
  abstract keep(id: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void>;
  /** The body as it lies there; its reader compares the digest. */
  abstract read(id: string): Promise<{ readonly body: Readable; readonly bytes: number }>;
  /** What is not there is removed already. */
  abstract remove(id: string): Promise<void>;
}
