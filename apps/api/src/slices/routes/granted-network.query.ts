import { usableGrant, type ActiveGrant, type Facts, type Person } from '@sallyport/access-domain';
import type { Network, Resource } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { ResourceDirectory } from '../catalog/index.ts';
import type { GrantStore } from '../grants/index.ts';

/** What a grant gives, as its approver saw it. */
export interface Granted {
  readonly grant: ActiveGrant;
  readonly entry: Resource;
  /** Null for a resource of one destination. */
  readonly network: Pick<Network, 'routes' | 'suffixes'> | null;
}

/** Reads what a person's grant gives, from the facts that its approval is bound to. */
export class GrantedNetwork {
  readonly #client: PrismaClient;
  readonly #grants: GrantStore;
  readonly #directory: ResourceDirectory;
  readonly #effects: Effects;

  constructor(client: PrismaClient, grants: GrantStore, directory: ResourceDirectory, effects: Effects) {
    this.#client = client;
    this.#grants = grants;
    this.#directory = directory;
    this.#effects = effects;
  }

  /** Refuses with GRANT_UNKNOWN, GRANT_NOT_ACTIVE, GRANT_ENDED and RESOURCE_UNKNOWN. */
  async of(grantId: string, person: Person): Promise<Granted> {
    const grant = await this.usable(grantId, person);
    const entry = this.#directory.byName(grant.resource.name)?.entry;
    if (!entry) throw new Problem('RESOURCE_UNKNOWN', { detail: 'The resource is no longer offered.' });
    const { facts } = await this.#client.accessRequest.findUniqueOrThrow({
      where: { id: grant.requestId },
      select: { facts: true },
    });
    const { items } = facts as unknown as Facts;
    const seen = items.find(({ resource }) => resource.id === grant.resource.id)?.network;
    return { grant, entry, network: seen ? { routes: seen.routes, suffixes: seen.suffixes } : null };
  }

  /** The grant, when this person may use it now. Refuses with GRANT_UNKNOWN, GRANT_NOT_ACTIVE and GRANT_ENDED. */
  async usable(grantId: string, person: Person): Promise<ActiveGrant> {
    const grant = await this.#grants.find(grantId);
    if (!grant) throw new Problem('GRANT_UNKNOWN');
    const usable = usableGrant(grant, person, this.#effects.clock.now());
    if (!usable.ok) throw new Problem(usable.refusal.code, usable.refusal);
    return usable.next;
  }
}
