import { openRecording, readIdentities, type CastEvent, type CastHead } from '@sallyport/recording';
import { Problem } from '@sallyport/problems';
import { api } from '../../api/api.ts';
import type { SessionRecording } from '../../api/contract.ts';

/** A recording in the clear; it lives in this page alone and goes with it. */
export interface Cast {
  readonly head: CastHead;
  readonly events: readonly CastEvent[];
  /** False: its client died, or somebody cut it. */
  readonly whole: boolean;
  /** What was found wrong on the way; what came before it is shown. */
  readonly damage: Problem | undefined;
}

/** The encrypted file as it was handed out, and whether it is the one that was stored. */
export interface SealedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly asStored: boolean;
}

/** Fetches the encrypted file, which the audit log tells of. */
export async function fetchSealed({ id, sha256 }: SessionRecording): Promise<SealedFile> {
  const bytes = await new Response(await api.openRecording(id)).bytes();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { bytes, asStored: hex === sha256 };
}

/**
 * Opens a file with what stands in an identity file. Refuses with RECORDING_IDENTITY_INVALID, RECORDING_KEY_WRONG and RECORDING_UNREADABLE; with RECORDING_DAMAGED where the
 * file is not the one that was stored, whatever else is wrong with it then.
 */
export async function decrypt({ bytes, asStored }: SealedFile, identityFile: string): Promise<Cast> {
  const identities = await readIdentities(identityFile);
  let damage = asStored
    ? undefined
    : new Problem('RECORDING_DAMAGED', { detail: 'Its SHA-256 is another than when it was stored.' });
  const {
    head,
    events: stream,
    whole,
  } = await openRecording(bytes, identities).catch((error: unknown) => {
    throw damage ?? error;
  });
  const events: CastEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    damage = error;
  }
  return { head, events, whole: whole(), damage };
}
