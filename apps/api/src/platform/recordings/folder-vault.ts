import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { ArrivingBodies, atStore } from './arriving-bodies.ts';
import { fileNameOf, RecordingVault, type BodyPromise } from './recording-vault.ts';

/** Bodies as files of one folder (0700; each file 0600), for one node. */
export class FolderVault extends RecordingVault {
  readonly days: number;
  readonly #folder: string;
  readonly #arriving: ArrivingBodies;

  constructor(folder: string, days: number, effects: Pick<Effects, 'ids' | 'clock'>) {
    super();
    this.days = days;
    this.#folder = folder;
    this.#arriving = new ArrivingBodies(folder, effects);
  }

  async keep(id: string, body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<void> {
    const path = this.#path(id);
    const part = await this.#arriving.take(fileNameOf(id), body, promise);
    try {
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

  async remove(id: string): Promise<boolean> {
    await atStore(() => rm(this.#path(id), { force: true }));
    return true;
  }

  #path(id: string): string {
    return join(this.#folder, fileNameOf(id));
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
