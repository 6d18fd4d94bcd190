import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import type { SigningKeyList } from '@sallyport/api-client';
import { programItself } from '../process/program-itself.ts';
import { clean } from '../output/text.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';

/** What the helper's installer tells. */
export interface InstalledHelper {
  readonly program: string;
  readonly service: string | null;
  readonly sha256: string;
  readonly started: boolean;
  /** Why the system's service manager did not start it. */
  readonly trouble?: string;
  /** What starts it by hand. */
  readonly command: readonly string[];
  readonly socket: string;
}

export interface UninstalledHelper {
  /** Files and folders. */
  readonly removed: readonly string[];
  /** One that no service had started still runs. */
  readonly running: boolean;
}

export interface InstallWish {
  /** Fingerprints that are known to be right; without them the person is asked. */
  readonly trust: readonly string[];
  readonly prefix: string | undefined;
  /** Another root of the file system, for images. */
  readonly root: string | undefined;
  readonly service: boolean;
}

/** Refuses with HELPER_NEEDS_ROOT, and the whole line to type instead. */
export function requireRoot(world: Pick<World, 'uid' | 'env'>, words: string): void {
  if (world.uid === 0) return;
  const server = world.env['TUNNEL_SERVER'];
  // sudo keeps neither PATH nor settings.
  const line = `sudo ${server ? `TUNNEL_SERVER=${clean(server)} ` : ''}${programItself().map(clean).join(' ')} ${words}`;
  throw new Problem('HELPER_NEEDS_ROOT', { detail: `Type: ${line}` });
}

/** Copies the helper where only root may write and has it believe the control plane's keys, once somebody confirmed them. */
export async function installHelper(
  world: World,
  server: Server,
  wish: InstallWish,
): Promise<InstalledHelper & { readonly keys: SigningKeyList }> {
  requireRoot(world, 'helper install');
  const keys = await server.api.listSigningKeys();
  await confirm(world, server, keys, wish.trust);
  const { issuer, serial, keys: trusted, fingerprints } = keys;
  const input = { trust: { issuers: [{ issuer, serial, keys: trusted }] }, confirmed: fingerprints };
  const words = [
    ...(wish.prefix === undefined ? [] : ['--prefix', wish.prefix]),
    ...(wish.root === undefined ? [] : ['--root', wish.root]),
    ...(wish.service ? [] : ['--no-service']),
  ];
  const told = await runHelper('install', words, JSON.stringify(input));
  return { ...(told as InstalledHelper), keys };
}

/** Removes what {@link installHelper} made. */
export async function uninstallHelper(
  world: World,
  { prefix, root }: Pick<InstallWish, 'prefix' | 'root'>,
): Promise<UninstalledHelper> {
  requireRoot(world, 'helper uninstall');
  const words = [
    ...(prefix === undefined ? [] : ['--prefix', prefix]),
    ...(root === undefined ? [] : ['--root', root]),
  ];
  const { removed = [], running = false } = (await runHelper(
    'uninstall',
    words,
    '',
  )) as Partial<UninstalledHelper>;
  return { removed, running };
}

async function confirm(
  world: World,
  { address }: Server,
  { issuer, fingerprints }: SigningKeyList,
  trust: readonly string[],
): Promise<void> {
  const told = `${clean(issuer)} at ${address.origin} signs with ${fingerprints.map(clean).join(' and ')}`;
  if (trust.length > 0) {
    if (fingerprints.every((fingerprint) => trust.includes(fingerprint))) return;
    throw new Problem('HELPER_KEYS_NOT_CONFIRMED', { detail: `${told}, which is not what --trust says.` });
  }
  if (!world.stdin.isTTY) throw new Problem('HELPER_KEYS_NOT_CONFIRMED', { detail: `${told}.` });
  const question = `${told}. The helper will make routes for whatever it signs. Type yes to go on`;
  const answer = await (await world.prompts()).text(question);
  if (!/^y(?:es)?$/iu.test(answer.trim()))
    throw new Problem('HELPER_KEYS_NOT_CONFIRMED', { detail: `${told}, which was not confirmed.` });
}

/** Runs the helper's own installer; it judges for itself who calls and what may be written. */
async function runHelper(command: string, words: readonly string[], input: string): Promise<unknown> {
  const program = fileURLToPath(new URL('./helper.mjs', import.meta.url));
  await access(program).catch((cause: unknown) => {
    throw new Problem('HELPER_PROGRAM_MISSING', { detail: `${program} is not there.`, cause });
  });
  const { failed, stdout, stderr } = await new Promise<{ failed: boolean; stdout: string; stderr: string }>(
    (resolve) => {
      const child = execFile(
        process.execPath,
        [program, command, ...words],
        { env: {}, encoding: 'utf8' },
        (error, out, err) => resolve({ failed: error !== null, stdout: out, stderr: err }),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    },
  );
  const told = lastObject(failed ? stderr : stdout);
  if (!failed && told) return told;
  const { code, detail } = (told ?? {}) as { code?: unknown; detail?: unknown };
  const known = typeof code === 'string' && entryOf(code) !== undefined;
  throw new Problem(known ? (code as ProblemCode) : 'HELPER_REFUSED', {
    detail: typeof detail === 'string' ? detail : `The installer said: ${clean(stderr).slice(0, 300)}`,
  });
}

function lastObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Not ours: told as it is.
    return undefined;
  }
}
