import type { Person } from '@sallyport/access-domain';
import type { Resource } from '@sallyport/catalog';
import type { Clock } from '@sallyport/effects';
import type {
  BucketAsDeployed,
  GatewayInventory,
  LogGroupAsDeployed,
} from '../../platform/aws/inventory/gateway-inventory.ts';
import { refOf, shellOf } from './resource-directory.ts';
import type { LogDestinationDto } from './resource.dto.ts';
import type { ResourcesQuery } from './resources.query.ts';

/** However often people ask, AWS is asked no more often than this about one group or bucket. */
const keptForMs = 10_000;

/** Whether what a shell shows could be logged where the catalogue says, by what the inventory sees at AWS. */
export class LogDestinationQuery {
  readonly #resources: ResourcesQuery;
  readonly #inventory: GatewayInventory;
  readonly #clock: Clock;
  readonly #kept = new Map<
    string,
    { readonly at: number; readonly found: Promise<LogGroupAsDeployed | BucketAsDeployed> }
  >();

  constructor(resources: ResourcesQuery, inventory: GatewayInventory, clock: Clock) {
    this.#resources = resources;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** At most 10 s old. Refuses with RESOURCE_UNKNOWN, and with AWS_* codes. */
  async read(person: Person, name: string): Promise<LogDestinationDto> {
    const known = this.#resources.visible(person, name);
    const logs = shellOf(known.entry)?.logs ?? null;
    const answer = { resource: refOf(known), logs, detail: null };
    // A shell that nobody can open yet is logged nowhere, and the principal does not act on it.
    if (logs === null || !known.entry.connectable) return { ...answer, logs: null, state: 'none' };
    const { entry } = known;
    const found =
      logs.to === 's3' ? await this.#bucket(entry, logs.place) : await this.#group(entry, logs.place);
    if (found === null) return { ...answer, state: 'missing' };
    if (found.encrypted === null) return { ...answer, state: 'notChecked', detail: saidOf(found.refusal) };
    return { ...answer, state: found.encrypted ? 'ready' : 'unencrypted' };
  }

  async #group(entry: Resource, name: string): Promise<BucketAsDeployed> {
    const group = await this.#look(`group ${name}`, entry, (search) =>
      this.#inventory.readLogGroup({ ...search, name }),
    );
    return group && { ...group, refusal: null };
  }

  #bucket(entry: Resource, name: string): Promise<BucketAsDeployed> {
    return this.#look(`bucket ${name}`, entry, (search) => this.#inventory.readBucket({ ...search, name }));
  }

  #look<Found extends LogGroupAsDeployed | BucketAsDeployed>(
    what: string,
    { account, region }: Resource,
    read: (search: { readonly accountId: string; readonly region: string }) => Promise<Found>,
  ): Promise<Found> {
    const now = this.#clock.now();
    const key = `${account.id}/${region}/${what}`;
    const kept = this.#kept.get(key);
    if (kept && now - kept.at < keptForMs) return kept.found as Promise<Found>;
    const found = read({ accountId: account.id, region });
    found.catch(() => this.#kept.delete(key));
    this.#kept.set(key, { at: now, found });
    return found;
  }
}

function saidOf(refusal: string | null): string {
  return `S3 answered ${refusal ?? 'nothing'} when the inventory asked how the bucket is encrypted.`;
}
