import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { RecordingBucket } from '@sallyport/catalog';
import { recordingKeyPrefix } from '@sallyport/iam-policy';
import { Problem } from '@sallyport/problems';
import type { ArrivingBodies } from './arriving-bodies.ts';
import { refusalName, textOf, type ObjectCall, type ObjectCalls } from '../aws/object-calls.ts';
import { fileNameOf, RecordingVault, type BodyPromise } from './recording-vault.ts';

/**
 * Bodies as objects of a bucket of S3 with object lock (compliance mode). One principal puts and cannot read; another
 * reads and cannot put. Nobody removes: the bucket's lifecycle does, when the lock's days are over.
 */
export class BucketVault extends RecordingVault {
  readonly days: number;
  readonly #arriving: ArrivingBodies;
  readonly #recorder: ObjectCalls;
  readonly #reader: ObjectCalls;
  #locked: Promise<void> | undefined;

  constructor(
    { days }: Pick<RecordingBucket, 'days'>,
    parts: {
      /** A body is put when it is here whole: nothing half can be taken back from a locked bucket. */
      readonly arriving: ArrivingBodies;
      readonly recorder: ObjectCalls;
      readonly reader: ObjectCalls;
    },
  ) {
    super();
    this.days = days;
    this.#arriving = parts.arriving;
    this.#recorder = parts.recorder;
    this.#reader = parts.reader;
  }

  async keep(id: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void> {
    const key = keyOf(id);
    await this.#demandLocked();
    const part = await this.#arriving.take(fileNameOf(id), body, promise);
    try {
      const answer = await ask(this.#recorder, {
        method: 'PUT',
        key,
        headers: {
          'content-type': 'application/age',
          'x-amz-checksum-sha256': checksumOf(promise),
          // S3 decides which of two comes first, and refuses the other.
          'if-none-match': '*',
        },
        body: { stream: createReadStream(part), ...promise },
      });
      if (answer.statusCode === 412) await this.#demandSame(key, promise);
      else if (answer.statusCode !== 200) throw await refused(answer);
      answer.resume();
    } finally {
      await rm(part, { force: true });
    }
  }

  async read(id: string): Promise<{ body: Readable; bytes: number }> {
    const answer = await ask(this.#reader, { method: 'GET', key: keyOf(id) });
    if (answer.statusCode !== 200) throw await refused(answer);
    return { body: answer, bytes: Number(answer.headers['content-length']) };
  }

  async remove(id: string): Promise<boolean> {
    const answer = await ask(this.#reader, { method: 'HEAD', key: keyOf(id) });
    answer.resume();
    if (answer.statusCode === 404) return true;
    if (answer.statusCode !== 200) throw await refused(answer);
    return false;
  }

  /** It was stored before, and its sender did not hear so. Refuses with RECORDING_ALREADY_STORED. */
  async #demandSame(key: string, promise: BodyPromise): Promise<void> {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' };
    const answer = await ask(this.#reader, { method: 'HEAD', key, headers });
    answer.resume();
    if (answer.statusCode !== 200) throw await refused(answer);
    if (answer.headers['x-amz-checksum-sha256'] !== checksumOf(promise))
      throw new Problem('RECORDING_ALREADY_STORED');
  }

  /** Once seen it stays: a lock cannot be taken off a bucket. Refuses with RECORDING_STORE_UNLOCKED. */
  #demandLocked(): Promise<void> {
    this.#locked ??= this.#lookAtLock().catch((error: unknown) => {
      this.#locked = undefined;
      throw error;
    });
    return this.#locked;
  }

  async #lookAtLock(): Promise<void> {
    const answer = await ask(this.#reader, { method: 'GET', query: { 'object-lock': '' } });
    if (answer.statusCode !== 200) {
      const name = await refusalName(answer);
      throw name === 'ObjectLockConfigurationNotFoundError'
        ? new Problem('RECORDING_STORE_UNLOCKED', { detail: 'It has no object lock.' })
        : unavailable(name);
    }
    const text = await textOf(answer);
    const said = (element: string) => new RegExp(`<${element}>([A-Z0-9]+)</${element}>`, 'i').exec(text)?.[1];
    const days = Number(said('Days') ?? 0) + 365 * Number(said('Years') ?? 0);
    if (said('Mode') !== 'COMPLIANCE' || days < this.days)
      throw new Problem('RECORDING_STORE_UNLOCKED', {
        detail: `It keeps ${days} days in the mode ${said('Mode') ?? 'none'}; ${this.days} days in COMPLIANCE are asked.`,
      });
  }
}

function keyOf(id: string): string {
  return `${recordingKeyPrefix}${fileNameOf(id)}`;
}

function checksumOf({ sha256 }: BodyPromise): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

async function ask(calls: ObjectCalls, call: ObjectCall): Promise<IncomingMessage> {
  try {
    return await calls.send(call);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    const { code, name } = cause as { code?: unknown; name?: string };
    throw unavailable(typeof code === 'string' ? code : (name ?? 'nothing'), cause);
  }
}

async function refused(answer: IncomingMessage): Promise<Problem> {
  return unavailable(await refusalName(answer));
}

function unavailable(name: string, cause?: unknown): Problem {
  return new Problem('RECORDING_STORE_UNAVAILABLE', { detail: `S3 answered ${name}.`, cause });
}
