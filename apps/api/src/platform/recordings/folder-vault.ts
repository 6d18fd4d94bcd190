import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { promisedBody } from './promised-body.ts';
import { RecordingVault, type BodyPromise } from './recording-vault.ts';

const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const arriving = '.part';
/** What has been arriving for so long arrives no more: a request may take five minutes. */
const forgottenMs = 3_600_000;

/** Bodies as files of one folder (0700; each file 0600), for one node. */
export class FolderVault extends RecordingVault {
  readonly #folder: string;
  readonly #effects: Pick<Effects, 'ids' | 'clock'>;
  #ready: Promise<void> | undefined;

  constructor(folder: string, effects: Pick<Effects, 'ids' | 'clock'>) {
    super();
    this.#folder = folder;
    this.#effects = effects;
  }

  async keep(id: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void> {
    const path = this.#path(id);
    await this.#prepare();
    // A name of its own, so that two that send the same do not write over one another.
    const part = `${path}.${this.#effects.ids.make('part')}${arriving}`;
    const file = await atStore(() => open(part, 'wx', 0o600));
    try {
      await fill(file, promisedBody(body, promise));
      await atStore(() => rename(part, path));
      await atStore(() => flushed(this.#folder));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }

  async read(id: string): Promise<{ body: Readable; bytes: number }> {
    const file = await atStore(() => open(this.#path(id), 'r'));
    const { size } = await atStore(() => file.stat());
    return { body: file.createReadStream(), bytes: size };
  }

  async remove(id: string): Promise<void> {
    await atStore(() => rm(this.#path(id), { force: true }));
  }

  #path(id: string): string {
    if (!idForm.test(id)) throw new Problem('RECORDING_UNKNOWN');
    return join(this.#folder, `${id}.cast.age`);
  }

  /** Makes the folder, and clears away what was arriving when a process ended; not what comes to another one now. */
  #prepare(): Promise<void> {
    this.#ready ??= atStore(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const left = (await readdir(this.#folder)).filter((name) => name.endsWith(arriving));
      for (const path of left.map((name) => join(this.#folder, name))) {
        const { mtimeMs } = await stat(path);
        if (mtimeMs < this.#effects.clock.now() - forgottenMs) await rm(path, { force: true });
      }
    }).catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }
}

async function fill(file: FileHandle, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) await atStore(() => file.writeFile(chunk));
    await atStore(() => file.sync());
  } finally {
    await file.close();
  }
}

/** So that the name outlives a power cut as well. */
async function flushed(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function atStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new Problem('RECORDING_STORE_UNAVAILABLE', {
      detail: `It answered ${code ?? 'nothing'}.`,
      cause: error,
    });
  }
}
