import { constants } from 'node:fs';
import { open, readdir, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@sallyport/problems';
import { joinedLength, recordingExtension, type RecordingSink } from '@sallyport/recording';
import {
  makePrivateDirectory,
  readPrivateFile,
  removeFile,
  writePrivateFile,
} from '../settings/private-files.ts';
import type { World } from '../world.ts';
import { recordingsFolder } from './any-recording.ts';

/** What is known of a recording beside its encrypted file; ids and times only. */
export interface SpooledHead {
  readonly version: 1;
  readonly id: string;
  /** Origin of the control plane. */
  readonly server: string;
  readonly grantId: string;
  /** Session of the control plane; null before there is one. */
  readonly sessionId: string | null;
  /** Name of the resource. */
  readonly name: string;
  /** Who writes it: once that process is gone, whoever finds it hands it over. */
  readonly pid: number;
  readonly processStart: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Whether its end was written. */
  readonly complete: boolean;
  /** After a refusal it is not offered again before this. */
  readonly notBefore: string | null;
  /** Why it was not taken when it was last offered; its person was told once. */
  readonly refused?: { readonly code: string; readonly detail: string; readonly at: string } | null;
}

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** A header with a hundred auditors is shorter. */
const beginBytes = 64 * 1024;

type Place = Pick<World, 'env' | 'home'>;

export const recordingPath = (world: Place, id: string) =>
  join(recordingsFolder(world), `${id}${recordingExtension}`);
/** What the process that hands it over locks. */
export const handingPath = (world: Place, id: string) => join(recordingsFolder(world), `handing-${id}`);
const headPath = (world: Place, id: string) => join(recordingsFolder(world), `${id}.json`);
const tailPath = (world: Place, id: string, chunks: number) =>
  join(recordingsFolder(world), `${id}.${chunks}.tail`);

export function writeHead(world: World, head: SpooledHead): Promise<void> {
  return writePrivateFile(headPath(world, head.id), JSON.stringify(head), world);
}

/** One recording that lies here, as it stands now. */
export async function headOf(world: World, id: string): Promise<SpooledHead | undefined> {
  return parse(await readPrivateFile(headPath(world, id), 'FILE_UNUSABLE', world).catch(() => undefined));
}

/** Every recording that lies here. Files that are none are left alone. */
export async function allHeads(world: World): Promise<readonly SpooledHead[]> {
  const names = await readdir(recordingsFolder(world)).catch(() => [] as string[]);
  const heads: SpooledHead[] = [];
  for (const name of names.filter((file) => /^[0-9a-f-]{36}\.json$/u.test(file)).sort()) {
    const path = join(recordingsFolder(world), name);
    const head = parse(await readPrivateFile(path, 'FILE_UNUSABLE', world).catch(() => undefined));
    if (head && headPath(world, head.id) === path) heads.push(head);
  }
  return heads;
}

function parse(text: string | undefined): SpooledHead | undefined {
  try {
    const head = JSON.parse(text ?? '') as Partial<SpooledHead> | null;
    const strings = [head?.id, head?.server, head?.grantId, head?.name, head?.startedAt];
    const whole =
      head?.version === 1 &&
      Number.isInteger(head.pid) &&
      typeof head.complete === 'boolean' &&
      strings.every((value) => typeof value === 'string');
    return whole ? (head as SpooledHead) : undefined;
  } catch {
    // None of ours.
    return undefined;
  }
}

/** Removes a recording with all that belongs to it, its head last. */
export async function removeRecording(world: Place, id: string): Promise<void> {
  const names = await readdir(recordingsFolder(world)).catch(() => [] as string[]);
  for (const name of names.filter((file) => file.startsWith(`${id}.`) && !file.endsWith('.json')))
    await removeFile(join(recordingsFolder(world), name));
  await removeFile(headPath(world, id));
}

/**
 * The encrypted bytes that are handed over: the file, and, when its writer died, what had been kept beside it joined on where the whole chunks end. Undefined when nothing of
 * it can be read by anybody.
 */
export async function sealedBytes(
  world: Place,
  { id, complete }: Pick<SpooledHead, 'id' | 'complete'>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await readFile(recordingPath(world, id)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Problem('FILE_UNUSABLE', { detail: 'A recording could not be read.', cause: error });
  });
  if (file === undefined || complete) return file;
  const cut = joinedLength(file.subarray(0, beginBytes), file.length);
  if (!cut) return undefined;
  const tail = await readFile(tailPath(world, id, cut.chunks)).catch(() => undefined);
  if (tail) return Buffer.concat([file.subarray(0, cut.bytes), tail]);
  // Without one, what follows the whole chunks may be the end, of which the head alone was not told.
  return cut.chunks === 0 && file.length === cut.bytes ? undefined : file;
}

/** The encrypted file of one recording, mode 0600, and what is kept beside it. */
export class SpoolFile implements RecordingSink {
  /** Bytes of the file. */
  bytes = 0;
  readonly #world: World;
  readonly #id: string;
  readonly #file: FileHandle;
  readonly #appended: () => void;
  #tail: number | null = null;

  private constructor(world: World, id: string, file: FileHandle, appended: () => void) {
    this.#world = world;
    this.#id = id;
    this.#file = file;
    this.#appended = appended;
  }

  static async create(world: World, id: string, appended: () => void): Promise<SpoolFile> {
    await makePrivateDirectory(recordingsFolder(world), world);
    return new SpoolFile(world, id, await open(recordingPath(world, id), create, 0o600), appended);
  }

  async append(bytes: Uint8Array): Promise<void> {
    // Whole or not at all: a call may write a part alone, and a disk that fills does.
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.bytes += bytes.length;
    this.#appended();
  }

  async keepBeside(tail: Uint8Array | null, chunks: number): Promise<void> {
    const [before, path] = [this.#tail, tailPath(this.#world, this.#id, chunks)];
    if (tail !== null) await this.#replace(path, tail);
    this.#tail = tail === null ? null : chunks;
    if (before !== null && before !== this.#tail) await removeFile(tailPath(this.#world, this.#id, before));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Somebody who reads after a kill finds the one before or this one. */
  async #replace(path: string, bytes: Uint8Array): Promise<void> {
    const draft = join(recordingsFolder(this.#world), `${this.#id}.draft`);
    await removeFile(draft);
    const file = await open(draft, create, 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await rename(draft, path);
  }
}

/** Bytes of a recording that lies here. */
export async function spooledBytes(world: Place, id: string): Promise<number> {
  return (await stat(recordingPath(world, id)).catch(() => undefined))?.size ?? 0;
}
