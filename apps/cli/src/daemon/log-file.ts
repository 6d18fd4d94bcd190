import { chmodSync, closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sallyport/effects';
import type { Debug } from '../output/debug.ts';
import { clean } from '../output/text.ts';
import { directoriesOf } from '../settings/directories.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** A file larger than this is put aside; one older file is kept. */
const bytesMax = 1024 * 1024;

/** What the background process did, one line each (mode 0600): time, happening, fields. Never more than two files of 1 MiB. */
export class LogFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  #fd: number | undefined;
  #bytes = 0;

  private constructor(path: string, clock: Clock, limit: number) {
    this.#path = path;
    this.#clock = clock;
    this.#bytesMax = limit;
  }

  static async open(world: World, limit = bytesMax): Promise<LogFile> {
    const { state } = directoriesOf(world);
    await makePrivateDirectory(state, world);
    const log = new LogFile(logFilePath(world), world.effects.clock, limit);
    log.#begin();
    return log;
  }

  /** For whoever takes a {@link Debug}. */
  readonly note: Debug = (happening, fields = {}) => {
    const told = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${clean(String(value))}`);
    const line = `${new Date(this.#clock.now()).toISOString()} ${clean(happening)}${told.join('')}\n`;
    try {
      if (this.#bytes + Buffer.byteLength(line) > this.#bytesMax) this.#turn();
      if (this.#fd !== undefined) this.#bytes += writeSync(this.#fd, line);
    } catch {
      // A full disk takes the log, never the tunnels.
      this.#fd = undefined;
    }
  };

  #begin(): void {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    this.#fd = openSync(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    chmodSync(this.#path, 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  #turn(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    renameSync(this.#path, `${this.#path}.1`);
    this.#begin();
  }
}

export function logFilePath(world: Pick<World, 'env' | 'home'>): string {
  return join(directoriesOf(world).state, 'daemon.log');
}
