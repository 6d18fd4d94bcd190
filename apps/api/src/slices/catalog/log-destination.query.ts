import type { Person } from '@sallyport/access-domain';
import type { Resource } from '@sallyport/catalog';
import type { Clock } from '@sallyport/effects';
import type { GatewayInventory, LogGroupAsDeployed } from '../../platform/aws/inventory/gateway-inventory.ts';
import { refOf, shellOf } from './resource-directory.ts';
import type { LogDestinationDto } from './resource.dto.ts';
import type { ResourcesQuery } from './resources.query.ts';

/** However often people ask, AWS is asked no more often than this about one group. */
const keptForMs = 10_000;

/** Whether what a shell shows could be logged where the catalogue says, by what the inventory sees at AWS. */
export class LogDestinationQuery {
  readonly #resources: ResourcesQuery;
  readonly #inventory: GatewayInventory;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly at: number; readonly group: Promise<LogGroupAsDeployed> }>();

  constructor(resources: ResourcesQuery, inventory: GatewayInventory, clock: Clock) {
    this.#resources = resources;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** At most 10 s old. Refuses with RESOURCE_UNKNOWN, and with AWS_* codes. */
  async read(person: Person, name: string): Promise<LogDestinationDto> {
    const known = this.#resources.visible(person, name);
    const logs = shellOf(known.entry)?.logs ?? null;
    const answer = { resource: refOf(known), logs };
    // A shell that nobody can open yet is logged nowhere, and the principal does not act on it.
    if (logs === null || !known.entry.connectable) return { ...answer, logs: null, state: 'none' };
    if (logs.to === 's3') return { ...answer, state: 'notChecked' };
    const group = await this.#look(known.entry, logs.place);
    return { ...answer, state: group === null ? 'missing' : group.encrypted ? 'ready' : 'unencrypted' };
  }

  #look({ account, region }: Resource, name: string): Promise<LogGroupAsDeployed> {
    const now = this.#clock.now();
    const key = `${account.id}/${region}/${name}`;
    const kept = this.#kept.get(key);
    if (kept && now - kept.at < keptForMs) return kept.group;
    const group = this.#inventory.readLogGroup({ accountId: account.id, region, name });
    group.catch(() => this.#kept.delete(key));
    this.#kept.set(key, { at: now, group });
    return group;
  }
}
