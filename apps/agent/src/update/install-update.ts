import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@sallyport/effects';
import type { PublicKey } from '@sallyport/grant-token';
import { FailedRelease } from './failed-release.ts';
import { compareVersions, readManifest, refused, type Artefact } from './manifest.ts';

/** What an update touches beside the folder of releases. */
export interface UpdatePorts {
  /** The bytes of a file beside the manifest; stops after `bytesMax`. */
  fetch(file: string, bytesMax: number): Promise<Uint8Array>;
  /** Runs the self-check of a release that is not in use yet; true when it is fit. */
  isFit(program: string, version: string): Promise<boolean>;
  /** Starts the release that is current now; true when it serves. */
  restart(): Promise<boolean>;
}

export interface UpdateOptions {
  /** Holds `releases/<version>/` and the link `current`. */
  readonly folder: string;
  readonly runningVersion: string;
  readonly platform: Artefact['platform'];
  readonly releaseKey: PublicKey;
  readonly clock: Pick<Clock, 'now'>;
  readonly ports: UpdatePorts;
}

const manifestBytesMax = 80 * 1024;
/** The one that runs and the one to go back to. */
const releasesKept = 2;

/** Name of the program inside a release, bundle or executable. */
const programName = 'sallyport-agent';

/**
 * Installs a newer signed release, if there is one; resolves with its version, or undefined when there is none. At every moment `current`
 * leads to a whole release: a new one is written and checked first, swapped in by one rename, and swapped out again when it does not serve.
 * Refuses AGENT_UPDATE_REFUSED: foreign signature, older version, other bytes than announced, unfit, or failed lately (it is tried again later).
 */
export async function installUpdate(options: UpdateOptions): Promise<string | undefined> {
  const { folder, ports, platform, runningVersion } = options;
  const releases = join(folder, 'releases');
  mkdirSync(releases, { recursive: true, mode: 0o755 });
  sweep(releases);
  const text = new TextDecoder().decode(await ports.fetch('manifest.json', manifestBytesMax));
  const manifest = await readManifest(text, options.releaseKey);
  const { version } = manifest;
  const step = compareVersions(version, runningVersion);
  if (step === 0) return undefined;
  if (step < 0) throw refused(`${version} is older than ${runningVersion}, which runs.`);
  const artefact = manifest.artefacts.find((one) => one.platform === platform);
  if (artefact === undefined) throw refused(`${version} has no file for ${platform}.`);
  const failed = new FailedRelease(folder, options.clock);
  const until = failed.waitsUntil(version, artefact.sha256);
  if (until !== undefined)
    throw refused(`${version} failed here before; it is tried again after ${new Date(until).toISOString()}.`);
  const program = await place(releases, version, artefact, ports);
  failed.trying(version, artefact.sha256);
  if (!(await ports.isFit(program, version))) {
    rmSync(join(releases, version), { recursive: true, force: true });
    throw refused(`${version} fails its self-check.`);
  }
  const before = currentRelease(folder);
  pointTo(folder, version);
  if (!(await ports.restart())) {
    if (before !== undefined) {
      pointTo(folder, before);
      await ports.restart();
    }
    rmSync(join(releases, version), { recursive: true, force: true });
    throw refused(`${version} does not serve; ${before ?? 'nothing'} is back in place.`);
  }
  failed.forget();
  forgetOld(releases, [version, before]);
  return version;
}

/** The version that `current` leads to. */
export function currentRelease(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, 'current')).split('/').at(-1);
  } catch {
    return undefined; // nothing installed yet
  }
}

/** Swaps the link in one step: it leads to the old or to the new release, never to none. */
export function pointTo(folder: string, version: string): void {
  const next = join(folder, `.current-${version}`);
  rmSync(next, { force: true });
  symlinkSync(join('releases', version), next);
  renameSync(next, join(folder, 'current'));
}

async function place(
  releases: string,
  version: string,
  artefact: Artefact,
  ports: UpdatePorts,
): Promise<string> {
  const bytes = await ports.fetch(artefact.file, artefact.bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length !== artefact.bytes || sha256 !== artefact.sha256)
    throw refused(`${artefact.file} has other bytes than its manifest says.`);
  const incoming = join(releases, `.incoming-${version}`);
  mkdirSync(incoming, { mode: 0o755 });
  const path = join(incoming, programName);
  const file = openSync(path, 'wx', 0o755);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
  chmodSync(path, 0o755);
  const final = join(releases, version);
  rmSync(final, { recursive: true, force: true });
  renameSync(incoming, final);
  return join(final, programName);
}

/** Whatever an interrupted update left. */
function sweep(releases: string): void {
  for (const name of readdirSync(releases))
    if (name.startsWith('.incoming-')) rmSync(join(releases, name), { recursive: true, force: true });
}

function forgetOld(releases: string, keep: readonly (string | undefined)[]): void {
  const old = readdirSync(releases)
    .filter((name) => !keep.includes(name))
    .sort(compareVersions);
  for (const name of old.slice(0, Math.max(0, old.length - (releasesKept - keep.filter(Boolean).length))))
    if (existsSync(join(releases, name))) rmSync(join(releases, name), { recursive: true, force: true });
}
