import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Worlds that others are written from: the newcomer's, and the one with echo and counted bytes. */
const bases = {
  usual: folderOf('../../../../config/world.yaml'),
  transfer: folderOf('transfer.yaml'),
} as const;

type Entry = Readonly<Record<string, unknown>>;

/** What is added to a base; `instanceChanges` by instance id. */
export interface WorldAdditions {
  readonly base?: keyof typeof bases;
  readonly resources?: readonly Entry[];
  readonly gateways?: readonly Entry[];
  readonly principals?: readonly Entry[];
  readonly instances?: readonly Entry[];
  readonly instanceChanges?: Readonly<Record<string, Entry>>;
  readonly network?: readonly Entry[];
  readonly hosts?: readonly Entry[];
  readonly documents?: readonly Entry[];
  readonly keys?: readonly string[];
}

export interface WrittenWorld {
  readonly folder: string;
  readonly worldFile: string;
  readonly catalogFile: string;
}

interface WorldText {
  catalog: string;
  principals: Entry[];
  instances: Entry[];
  network: Entry[];
  hosts?: Entry[];
  documents?: Entry[];
  keys?: string[];
}

/** Writes a world and its catalogue into a new temporary folder, which is the caller's to remove, or into `folder`. */
export function writeWorld(additions: WorldAdditions, folder = newFolder()): WrittenWorld {
  const base = bases[additions.base ?? 'transfer'];
  const world = parse(readFileSync(base, 'utf8'), { merge: true }) as WorldText;
  const catalogBase = join(base, '..', world.catalog);
  const catalog = parse(readFileSync(catalogBase, 'utf8')) as {
    resources: Entry[];
    gateways: Entry[];
  };
  const written = {
    folder,
    worldFile: join(folder, basename(base)),
    catalogFile: join(folder, basename(catalogBase)),
  };
  catalog.resources = [...catalog.resources, ...(additions.resources ?? [])];
  catalog.gateways = [...catalog.gateways, ...(additions.gateways ?? [])];
  writeFileSync(written.catalogFile, stringify(catalog));
  const changes = additions.instanceChanges ?? {};
  world.catalog = basename(catalogBase);
  world.principals = [...world.principals, ...(additions.principals ?? [])];
  world.instances = [
    ...world.instances.map((instance) => ({ ...instance, ...changes[String(instance['id'])] })),
    ...(additions.instances ?? []),
  ];
  world.network = [...world.network, ...(additions.network ?? [])];
  world.hosts = [...(world.hosts ?? []), ...(additions.hosts ?? [])];
  world.documents = [...(world.documents ?? []), ...(additions.documents ?? [])];
  world.keys = [...(world.keys ?? []), ...(additions.keys ?? [])];
  writeFileSync(written.worldFile, stringify(world));
  return written;
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'sallyport-world-'));
