import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fingerprint, trust } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { serviceCommand, type Places } from './places.ts';
import { refuseUnsafePath } from './safe-path.ts';
import { launchdPlist, systemdUnit } from './service-files.ts';
import { writeWhole } from './whole-file.ts';
import { trustForm, type TrustFile } from '../trust.ts';
import { trustText } from '../trust-keeper.ts';

/** What is copied: the Node that runs now, the bundle, and the packages of the native part. */
export interface Sources {
  readonly node: string;
  readonly bundle: string;
  /** Folders of npm packages by name. */
  readonly packages: Readonly<Record<string, string>>;
}

export interface Installed {
  readonly program: string;
  readonly service: string | null;
  /** What runs it, for the service or by hand. */
  readonly command: readonly string[];
  /** SHA-256 of the bundle, hexadecimal: two installations can be compared. */
  readonly sha256: string;
  readonly issuers: readonly { issuer: string; fingerprints: readonly string[] }[];
}

/**
 * Copies the helper where only root may write, records whom it trusts, and writes the service's file. Everything is judged before anything is
 * written; a running copy is replaced at once by a rename. Refuses HELPER_PATH_UNSAFE, HELPER_GRANT_INVALID (keys that are none, or whose
 * fingerprints are not the confirmed ones).
 */
export async function install(
  places: Places,
  sources: Sources,
  wanted: TrustFile,
  confirmed: readonly string[],
): Promise<Installed> {
  const { program, etc, run, service } = places;
  for (const path of [program, etc, run, ...(service === null ? [] : [service.path])]) refuseUnsafePath(path);
  const issuers = await judgedIssuers(wanted, confirmed);
  const merged = mergedTrust(join(etc, 'trust.json'), wanted);
  const staged = `${program}.${randomBytes(6).toString('hex')}`;
  mkdirSync(staged, { recursive: true, mode: 0o755 });
  try {
    place(sources.node, join(staged, 'node'), 0o755);
    place(sources.bundle, join(staged, 'helper.mjs'), 0o644);
    for (const [name, folder] of Object.entries(sources.packages))
      placePackage(folder, join(staged, 'node_modules', name));
    rmSync(program, { recursive: true, force: true });
    renameSync(staged, program);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
  mkdirSync(etc, { recursive: true, mode: 0o755 });
  writeWhole(join(etc, 'trust.json'), trustText(merged));
  if (service !== null)
    writeWhole(service.path, service.kind === 'systemd' ? systemdUnit(places) : launchdPlist(places));
  const sha256 = createHash('sha256')
    .update(readFileSync(join(program, 'helper.mjs')))
    .digest('hex');
  return { program, service: service?.path ?? null, command: serviceCommand(places), sha256, issuers };
}

/**
 * Removes what {@link install} made, and the folder of the socket unless a helper that was started by hand still `running` needs it. Trust in control planes
 * goes, too: the next installation asks again.
 */
export function uninstall({ program, etc, run, service }: Places, running = false): string[] {
  const made = [program, etc, ...(running ? [] : [run]), ...(service === null ? [] : [service.path])];
  const gone = made.filter((path) => existsSync(path));
  for (const path of gone) {
    refuseUnsafePath(path);
    rmSync(path, { recursive: true });
  }
  // The folder above is the system's own place for such programs, and often came with us.
  const above = dirname(program);
  if (existsSync(above) && readdirSync(above).length === 0) rmdirSync(above);
  return gone;
}

async function judgedIssuers(wanted: TrustFile, confirmed: readonly string[]): Promise<Installed['issuers']> {
  const judged = await Promise.all(
    wanted.issuers.map(async ({ issuer, keys }) => ({
      issuer,
      fingerprints: [...(await trust(keys)).keys()].map((thumbprint) => fingerprint(thumbprint)),
    })),
  );
  const unconfirmed = judged
    .flatMap(({ fingerprints }) => fingerprints)
    .filter((one) => !confirmed.includes(one));
  if (unconfirmed.length > 0)
    throw new Problem('HELPER_GRANT_INVALID', {
      detail: `Nobody confirmed the key ${unconfirmed.join(', ')}.`,
    });
  return judged;
}

/** Other control planes stay trusted; the keys of one that is named anew are replaced. */
function mergedTrust(path: string, wanted: TrustFile): TrustFile {
  if (!existsSync(path)) return wanted;
  const known = trustForm.parse(JSON.parse(readFileSync(path, 'utf8')));
  const named = new Set(wanted.issuers.map(({ issuer }) => issuer));
  return trustForm.parse({
    issuers: [...known.issuers.filter(({ issuer }) => !named.has(issuer)), ...wanted.issuers],
  });
}

function place(from: string, to: string, mode: number): void {
  cpSync(from, to, { dereference: true, errorOnExist: true, force: false });
  chownSync(to, 0, 0);
  chmodSync(to, mode);
}

/** What is never loaded: documents, vendored headers, sources in C++, and the part for another C library. */
const unused = new Set(['vendor', 'doc', 'CHANGELOG.md', 'README.md', 'CMakeLists.txt']);
const sources = /\.(c|cc|cpp|h|hh|S|asm|md)$/;

function placePackage(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => !unused.has(basename(path)) && !sources.test(path),
  });
  own(to);
}

function own(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    chownSync(path, 0, 0);
    chmodSync(path, entry.isDirectory() ? 0o755 : 0o644);
  }
  chownSync(folder, 0, 0);
  chmodSync(folder, 0o755);
}
