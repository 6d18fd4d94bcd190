import { readFile } from 'node:fs/promises';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { refuseUnsafePath } from './install/safe-path.ts';
import { writeWhole } from './install/whole-file.ts';
import { movedTrust, Trust, trustForm, type MovedTrust, type TrustFile } from './trust.ts';

/** The trust file of a running helper: root's alone, read anew at every use, replaced whole when a control plane's keys move on. */
export class TrustKeeper {
  readonly #path: string;
  #trust: Trust;
  /** Changes come one after the other: each begins with what the one before wrote. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, trust: Trust) {
    this.#path = path;
    this.#trust = trust;
  }

  /** @throws Problem HELPER_PATH_UNSAFE; SIGNED_TOKEN_MALFORMED for keys that are none. */
  static async open(path: string): Promise<TrustKeeper> {
    return new TrustKeeper(path, await Trust.of(await readTrustFile(path)));
  }

  get issuers(): Trust['issuers'] {
    return this.#trust.issuers;
  }

  /** The claims of a route grant that one of the trusted control planes signed. An administrator may have changed the file: no restart is needed. */
  async verify(token: string, now: number): Promise<RouteGrantClaims> {
    this.#trust = await Trust.of(await readTrustFile(this.#path));
    return this.#trust.verify(token, now);
  }

  /** Moves the trust along signed sets of keys and writes it down. @throws Problem as {@link movedTrust}; HELPER_SYSTEM_REFUSED when it cannot be written. */
  follow(keySets: readonly string[]): Promise<MovedTrust> {
    const run = this.#last.then(() => this.#follow(keySets));
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #follow(keySets: readonly string[]): Promise<MovedTrust> {
    const moved = await movedTrust(await readTrustFile(this.#path), keySets);
    try {
      writeWhole(this.#path, trustText(moved.file));
    } catch (cause) {
      throw new Problem('HELPER_SYSTEM_REFUSED', { detail: 'The new keys cannot be written down.', cause });
    }
    this.#trust = await Trust.of(moved.file);
    return moved;
  }
}

/** How the file is written. */
export function trustText(file: TrustFile): string {
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

async function readTrustFile(path: string): Promise<TrustFile> {
  refuseUnsafePath(path);
  return trustForm.parse(JSON.parse(await readFile(path, 'utf8')));
}
