import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { promisedBody } from './promised-body.ts';
import type { BodyPromise } from './recording-vault.ts';

const arriving = '.part';
/** What nobody has written to for so long arrives no more: a line that says nothing is cut after a minute. */
const forgottenMs = 3_600_000;

/** Bodies on their way in, as files of one folder (0700; each file 0600). */
export class ArrivingBodies {
  readonly #folder: string;
  readonly #effects: Pick<Effects, 'ids' | 'clock'>;
  #ready: Promise<void> | undefined;

  constructor(folder: string, effects: Pick<Effects, 'ids' | 'clock'>) {
    this.#folder = folder;
    this.#effects = effects;
  }

  /**
   * The file that holds the body, whole and as promised; who asked for it moves or removes it. Nothing is left of another
   * one. Refuses with RECORDING_DIGEST_MISMATCH and RECORDING_STORE_UNAVAILABLE.
   */
  async take(name: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<string> {
    await this.#prepare();
    // A name of its own, so that two that send the same do not write over one another.
    const part = join(this.#folder, `${name}.${this.#effects.ids.make('part')}${arriving}`);
    const file = await atStore(() => open(part, 'wx', 0o600));
    try {
      await fill(file, promisedBody(body, promise));
      return part;
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
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

/** What the file system refuses, in our words. Refuses with RECORDING_STORE_UNAVAILABLE. */
export async function atStore<T>(work: () => Promise<T>): Promise<T> {
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
