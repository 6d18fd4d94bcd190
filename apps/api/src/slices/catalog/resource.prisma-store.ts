import type { Catalog, Resource } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import canonicalize from 'canonicalize';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import { ResourceDirectory, type KnownResource } from './resource-directory.ts';

/**
 * Writes the catalogue into the database: new entries get an id, changed ones a higher version, and those that are gone
 * are retired and keep their row, since grants and events name them. Safe to repeat.
 */
export async function keepCatalog(
  client: PrismaClient,
  catalog: Catalog,
  effects: Effects,
): Promise<ResourceDirectory> {
  const updatedAt = new Date(effects.clock.now());
  const known: KnownResource[] = [];
  for (const entry of catalog.resources) {
    const row = rowOf(entry);
    const before = await client.resource.findUnique({ where: { name: entry.name } });
    if (before && before.digest === row.digest && before.retiredAt === null) {
      known.push({ id: before.id, version: before.version, entry });
      continue;
    }
    const version = (before?.version ?? 0) + 1;
    const kept = await client.resource.upsert({
      where: { name: entry.name },
      create: { id: effects.ids.make('rsc'), ...row, version, updatedAt },
      update: { ...row, version, updatedAt, retiredAt: null },
    });
    known.push({ id: kept.id, version, entry });
  }
  await client.resource.updateMany({
    where: { name: { notIn: catalog.resources.map(({ name }) => name) }, retiredAt: null },
    data: { retiredAt: updatedAt, updatedAt, version: { increment: 1 } },
  });
  return new ResourceDirectory(catalog, known);
}

function rowOf(entry: Resource) {
  const definition = JSON.parse(JSON.stringify(entry)) as Prisma.InputJsonObject;
  const { name, kind, title, environment } = entry;
  return {
    name,
    kind,
    title,
    environment,
    tags: { ...entry.tags },
    definition,
    digest: sha256Hex(canonicalize(entry) ?? ''),
  };
}
