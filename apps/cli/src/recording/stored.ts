import { createHash } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SessionRecording } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { recordingExtension } from '@sallyport/recording';
import { sayDuration, sayMoment } from '../output/duration.ts';
import type { Column } from '../output/table.ts';
import { clean } from '../output/text.ts';
import type { Server } from '../server/server.ts';
import { bytesWithinMs, taken } from './hand-over.ts';

export interface RecordingFilter {
  readonly person?: string;
  readonly resource?: string;
  readonly grant?: string;
  readonly session?: string;
}

/** The latest recordings that fit, the latest first. */
export async function listStored(
  server: Server,
  { person, resource, grant, session }: RecordingFilter,
  limit: number,
): Promise<readonly SessionRecording[]> {
  const items: SessionRecording[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.api.listRecordings({ person, resource, grant, session, cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < limit);
  return items.slice(0, limit);
}

export const storedColumns: readonly Column<SessionRecording>[] = [
  { title: 'STARTED (UTC)', value: ({ startedAt }) => sayMoment(startedAt).replace(' UTC', '') },
  { title: 'WHO', value: ({ person }) => clean(person.name), give: true },
  { title: 'WHAT', value: ({ resource }) => clean(resource.name), give: true },
  { title: 'LENGTH', value: lengthOf },
  { title: 'STATE', value: stateOf },
  { title: 'ID', value: ({ id }) => id },
];

function lengthOf({ startedAt, endedAt }: SessionRecording): string {
  return endedAt === null ? '' : sayDuration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
}

function stateOf({ state, complete }: SessionRecording): string {
  return state === 'stored' && !complete ? 'stored, cut' : state;
}

/**
 * Fetches the encrypted file into a new one of mode 0600, and keeps it only when its digest is the one that the control plane told. Refuses with FILE_UNUSABLE (also where there is
 * a file already), RECORDING_DIGEST_MISMATCH and what the control plane says.
 */
export async function fetchStored(
  server: Server,
  id: string,
  output: string | undefined,
): Promise<{ readonly recording: SessionRecording; readonly path: string }> {
  const recording = await server.api.readRecording(id);
  const path = resolve(output ?? `${recording.id}${recordingExtension}`);
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EEXIST' ? 'is there already' : 'could not be written';
    throw new Problem('FILE_UNUSABLE', { detail: `${clean(path)} ${why}.`, cause });
  });
  try {
    const { body } = await taken(
      await server.bytes({
        ...{ method: 'GET', path: `/recordings/${encodeURIComponent(recording.id)}/body` },
        withinMs: bytesWithinMs(recording.bytes),
      }),
    );
    const digest = createHash('sha256');
    for await (const chunk of body ?? []) {
      digest.update(chunk as Uint8Array);
      await file.writeFile(chunk as Uint8Array);
    }
    if (digest.digest('hex') !== recording.sha256) throw new Problem('RECORDING_DIGEST_MISMATCH');
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  return { recording, path };
}
