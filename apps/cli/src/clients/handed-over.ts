import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lease, Resource } from '@sallyport/api-client';
import { programItself } from '../process/program-itself.ts';
import { directoriesOf } from '../settings/directories.ts';
import { makePrivateDirectory, writePrivateFile } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import type { ClientSettings, TunnelPlace } from './place.ts';
import { settingsFor, wantsToken } from './settings-for.ts';

/** Bundles of public authorities where systems keep them: Debian, Fedora, macOS. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Where a tunnel is told apart from another one to the same resource in the same process. */
export type HandedPlace = Pick<TunnelPlace, 'port' | 'socket'>;

/** Where the files for the clients of one tunnel lie. `pid` is the process that keeps the tunnel open. */
export function handedFolder(
  world: Pick<World, 'env' | 'home'>,
  pid: number,
  name: string,
  { port, socket }: HandedPlace,
): string {
  return join(handedRoot(world), folderName(pid, name, socket ?? String(port)));
}

const folderName = (pid: number, name: string, spot: string) =>
  `${pid}-${name}-${spot}`.replace(/[^A-Za-z0-9._-]/gu, '_');

const handedRoot = (world: Pick<World, 'env' | 'home'>) => join(directoriesOf(world).state, 'handed-over');

export interface HandingOver {
  readonly world: World;
  readonly place: TunnelPlace;
  /** The process that keeps the tunnel open. */
  readonly pid: number;
  /** A fresh lease; asked for only where a token has to be signed. */
  readonly lease: () => Promise<Lease>;
}

/** The settings of a tunnel's clients, with their files written (0600 in a 0700 folder), and where each file is. */
export async function handOver({ world, place, pid, lease }: HandingOver): Promise<{
  readonly settings: ClientSettings;
  readonly paths: Readonly<Record<string, string>>;
}> {
  const folder = handedFolder(world, pid, place.resource.name, place);
  const password = wantsToken(place.resource) ? await tokenFor(place, await lease()) : undefined;
  const settings = settingsFor({
    place,
    folder,
    password,
    // OpenSSL's own variable for it, where somebody keeps another bundle.
    publicAuthorities: world.env['SSL_CERT_FILE'] || (await firstReadable(bundles)),
    program: programItself(),
  });
  const paths: Record<string, string> = {};
  if (Object.keys(settings.files).length > 0) {
    await makePrivateDirectory(handedRoot(world), world);
    for (const [key, { name, text }] of Object.entries(settings.files)) {
      paths[key] = join(folder, name);
      await writePrivateFile(paths[key], text, world);
    }
  }
  return { settings, paths };
}

/** The token is for the endpoint that the lease pins, not for what a list said some time ago. */
async function tokenFor(place: TunnelPlace, lease: Lease): Promise<string> {
  const { host, port, database } = lease.resource;
  const { databaseToken } = await import('./iam-token.ts');
  return databaseToken({ ...place.resource, host, port, database }, lease);
}

/** Removes what was handed over to the clients of one tunnel. */
export async function takeBack(world: World, pid: number, name: string, place: HandedPlace): Promise<void> {
  await rm(handedFolder(world, pid, name, place), { recursive: true, force: true });
}

/** Removes what a process that is gone had handed over for tunnels to one resource, wherever they listened. */
export async function takeBackFromTheDead(world: World, pid: number, name: string): Promise<void> {
  const begin = folderName(pid, name, '');
  for (const entry of await readdir(handedRoot(world)).catch(() => [] as string[]))
    if (entry.startsWith(begin)) await rm(join(handedRoot(world), entry), { recursive: true, force: true });
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
}

/** What a client has to know of a resource of the catalogue. */
export function reachedOf(resource: Resource): TunnelPlace['resource'] {
  return resource;
}
