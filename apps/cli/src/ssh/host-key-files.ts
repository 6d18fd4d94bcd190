import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HostKeys } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { alone } from '../settings/alone.ts';
import { readPrivateFile, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import type { SshPlaces } from './places.ts';

/** Instances that one name may have led to and whose keys ssh is still told, beside the present one. */
const othersMax = 15;
/** Instances whose first key is remembered; the oldest give way. */
const firstSeenMax = 2_000;

/**
 * The host keys of one connection's instance: those on record in the control plane, else the one that was seen first. ssh reads them from a file under the name
 * that it was given; the judgement is ours, by instance id.
 */
export class HostKeyFiles {
  readonly #world: World;
  readonly #places: SshPlaces;
  readonly #host: string;
  readonly #instanceId: string;
  readonly #recorded: readonly string[];

  constructor(
    world: World,
    places: SshPlaces,
    of: { readonly host: string; readonly instanceId: string; readonly recorded: readonly string[] },
  ) {
    this.#world = world;
    this.#places = places;
    this.#host = of.host;
    this.#instanceId = of.instanceId;
    this.#recorded = of.recorded;
  }

  /** Tells ssh what is known, before it chooses what kind of key to ask the server for. */
  async tellKnown(): Promise<void> {
    await this.#tell(await this.#known());
  }

  /**
   * Refuses a key other than those known with SSH_HOST_KEY_CHANGED and both fingerprints; tells ssh a first one, and resolves with what a person should know of it then.
   */
  async judge(shown: Buffer): Promise<string | undefined> {
    const known = await this.#known();
    if (known.length === 0) {
      await this.#tell([lineOf(shown)]);
      const fingerprint = createHash('sha256').update(shown).digest('base64').replace(/=+$/u, '');
      return `first connection to ${this.#instanceId}: its key SHA256:${fingerprint} is remembered, another one will be refused`;
    }
    const problem = new HostKeys(this.#instanceId, known).judge(shown);
    if (!problem) return undefined;
    if (this.#recorded.length > 0) throw problem;
    throw new Problem('SSH_HOST_KEY_CHANGED', {
      detail: `${problem.detail ?? ''} If it was built anew: ssh-keygen -R ${this.#instanceId} -f ${this.#places.firstSeen}`,
      cause: problem,
    });
  }

  /** Remembers a key that ssh has verified, when none was known. */
  async remember(shown: Buffer): Promise<void> {
    if (this.#recorded.length > 0) return;
    await alone(this.#places.firstSeen, this.#world, async () => {
      const lines = linesOf(await this.#read(this.#places.firstSeen));
      if (lines.some((line) => line.startsWith(`${this.#instanceId} `))) return;
      const kept = [...lines, `${this.#instanceId} ${lineOf(shown)}`].slice(-firstSeenMax);
      await writePrivateFile(this.#places.firstSeen, `${kept.join('\n')}\n`, this.#world);
    });
  }

  async #known(): Promise<readonly string[]> {
    if (this.#recorded.length > 0) return this.#recorded;
    const own = `${this.#instanceId} `;
    return linesOf(await this.#read(this.#places.firstSeen))
      .filter((line) => line.startsWith(own))
      .map((line) => line.slice(own.length));
  }

  /** Keeps lines of other instances under the same name: a connection to one of those may be coming about now. */
  async #tell(keys: readonly string[]): Promise<void> {
    const path = join(this.#places.hostKeys, this.#host);
    await alone(path, this.#world, async () => {
      const before = await this.#read(path);
      const others = linesOf(before).filter((line) => !line.endsWith(` ${this.#instanceId}`));
      const own = keys.map((key) => `* ${key.split(/\s+/u).slice(0, 2).join(' ')} ${this.#instanceId}`);
      const text = [...others.slice(-othersMax), ...own].map((line) => `${line}\n`).join('');
      if (text !== before) await writePrivateFile(path, text, this.#world);
    });
  }

  async #read(path: string): Promise<string> {
    return (await readPrivateFile(path, 'FILE_UNUSABLE', this.#world)) ?? '';
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** A key as on the wire, as a line of OpenSSH's form: its kind stands first in it. */
function lineOf(blob: Buffer): string {
  const kind = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  return `${kind} ${blob.toString('base64')}`;
}
