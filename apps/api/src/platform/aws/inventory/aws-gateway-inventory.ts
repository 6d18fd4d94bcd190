import { EC2Client, paginateDescribeInstances, type Instance } from '@aws-sdk/client-ec2';
import {
  DescribeDocumentCommand,
  ListTagsForResourceCommand,
  paginateDescribeInstanceInformation,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { Clock, Effects } from '@sallyport/effects';
import { attempts, clientSettings } from '../client-settings.ts';
import { awsProblem, isMissing } from '../foreign-error.ts';
import { SpokeCredentials } from '../spoke-credentials.ts';
import type { Spokes } from '../spokes.ts';
import {
  GatewayInventory,
  type BucketAsDeployed,
  type BucketSearch,
  type DocumentAsDeployed,
  type DocumentSearch,
  type GatewayInstance,
  type GatewaySearch,
  type LogGroupAsDeployed,
  type LogGroupSearch,
} from './gateway-inventory.ts';
import { Buckets } from './buckets.ts';
import { LogGroups } from './log-groups.ts';

/** How long the tags of a node outside EC2 are believed: IAM asks them anew at each start, whatever is believed here. */
const tagsKeptForMs = 10_000;
const tagCallsAtOnce = 8;

const gone = new Set(['terminated', 'shutting-down']);

/** Sees instances through EC2 and SSM, documents through SSM. */
export class AwsGatewayInventory extends GatewayInventory {
  readonly #spokes: Spokes;
  readonly #credentials: SpokeCredentials;
  readonly #ec2 = new Map<string, EC2Client>();
  readonly #ssm = new Map<string, SSMClient>();

  readonly #logGroups: LogGroups;
  readonly #buckets: Buckets;
  readonly #clock: Clock;
  readonly #nodeTags = new Map<
    string,
    { readonly at: number; readonly tags: Promise<Readonly<Record<string, string>>> }
  >();

  constructor(spokes: Spokes, effects: Pick<Effects, 'clock' | 'timers'>) {
    super();
    this.#spokes = spokes;
    this.#clock = effects.clock;
    this.#credentials = new SpokeCredentials('inventory', ({ roles }) => roles.inventory, effects.clock);
    this.#logGroups = new LogGroups(this.#credentials, effects);
    this.#buckets = new Buckets(this.#credentials, effects);
  }

  async find(search: GatewaySearch): Promise<GatewayInstance[]> {
    try {
      if (search.hybrid === true) return await this.#nodes(search);
      const instances = await this.#instances(search);
      const online = await this.#online(
        search,
        instances.flatMap(({ InstanceId }) => InstanceId ?? []),
      );
      return instances
        .flatMap((instance) => (instance.InstanceId ? [gateway(instance.InstanceId, instance, online)] : []))
        .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    } catch (error) {
      throw awsProblem(error);
    }
  }

  async readDocument(search: DocumentSearch): Promise<DocumentAsDeployed> {
    try {
      const { Document } = await this.#ssmClient(search).send(
        new DescribeDocumentCommand({ Name: search.name }),
      );
      if (!Document?.Hash) return null;
      // SHA-1 is the other type that AWS knows; such a hash equals no enrolled one, as it should.
      return { sha256: Document.Hash.toLowerCase(), active: Document.Status === 'Active' };
    } catch (error) {
      if (isMissing(error)) return null;
      throw awsProblem(error);
    }
  }

  async readLogGroup({ accountId, region, name }: LogGroupSearch): Promise<LogGroupAsDeployed> {
    this.#spokes.logGroup(accountId, region, name);
    return this.#logGroups.read(this.#spokes.account(accountId, region), region, name);
  }

  async readBucket({ accountId, region, name }: BucketSearch): Promise<BucketAsDeployed> {
    this.#spokes.logBucket(accountId, region, name);
    return this.#buckets.read(this.#spokes.account(accountId, region), region, name);
  }

  /** Nodes outside EC2: their tags are told one by one. */
  async #nodes(search: GatewaySearch): Promise<GatewayInstance[]> {
    const client = this.#ssmClient(search);
    const Filters = [
      { Key: 'ResourceType', Values: ['ManagedInstance'] },
      ...Object.entries(search.selector).map(([key, value]) => ({ Key: `tag:${key}`, Values: [value] })),
    ];
    const listed: { instanceId: string; state: 'online' | 'lost' }[] = [];
    for await (const page of paginateDescribeInstanceInformation({ client }, { Filters }))
      for (const { InstanceId, PingStatus } of page.InstanceInformationList ?? [])
        if (InstanceId?.startsWith('mi-'))
          listed.push({ instanceId: InstanceId, state: PingStatus === 'Online' ? 'online' : 'lost' });
    listed.sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    const found: GatewayInstance[] = [];
    for (let at = 0; at < listed.length; at += tagCallsAtOnce)
      found.push(
        ...(await Promise.all(
          listed.slice(at, at + tagCallsAtOnce).map(async (node) => ({
            ...node,
            tags: await this.#tagsOfNode(client, search, node.instanceId),
          })),
        )),
      );
    return found;
  }

  /** Asked for at most once in a few seconds: a call for each node and each lease would meet the limit of the service. */
  #tagsOfNode(
    client: SSMClient,
    { accountId, region }: GatewaySearch,
    instanceId: string,
  ): Promise<Readonly<Record<string, string>>> {
    const now = this.#clock.now();
    for (const [key, { at }] of this.#nodeTags) if (now - at >= tagsKeptForMs) this.#nodeTags.delete(key);
    const key = `${accountId}/${region}/${instanceId}`;
    const kept = this.#nodeTags.get(key);
    if (kept) return kept.tags;
    const tags = client
      .send(new ListTagsForResourceCommand({ ResourceType: 'ManagedInstance', ResourceId: instanceId }))
      .then(({ TagList }) => tagsOf(TagList));
    tags.catch(() => this.#nodeTags.delete(key));
    this.#nodeTags.set(key, { at: now, tags });
    return tags;
  }

  async #instances(search: GatewaySearch): Promise<Instance[]> {
    const client = this.#ec2Client(search);
    const Filters = Object.entries(search.selector).map(([key, value]) => ({
      Name: `tag:${key}`,
      Values: [value],
    }));
    const found: Instance[] = [];
    for await (const page of paginateDescribeInstances({ client }, { Filters }))
      found.push(...(page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
    return found.filter(({ State }) => !gone.has(State?.Name ?? ''));
  }

  async #online(search: GatewaySearch, instanceIds: readonly string[]): Promise<Set<string>> {
    if (instanceIds.length === 0) return new Set();
    const client = this.#ssmClient(search);
    const Filters = [{ Key: 'InstanceIds', Values: [...instanceIds] }];
    const online = new Set<string>();
    for await (const page of paginateDescribeInstanceInformation({ client }, { Filters }))
      for (const { InstanceId, PingStatus } of page.InstanceInformationList ?? [])
        if (InstanceId && PingStatus === 'Online') online.add(InstanceId);
    return online;
  }

  #ec2Client(target: { accountId: string; region: string }): EC2Client {
    return kept(this.#ec2, target, () => new EC2Client(this.#settings(target)));
  }

  #ssmClient(target: { accountId: string; region: string }): SSMClient {
    return kept(this.#ssm, target, () => new SSMClient(this.#settings(target)));
  }

  #settings({ accountId, region }: { accountId: string; region: string }) {
    const credentials = this.#credentials.of(this.#spokes.account(accountId, region), region);
    return clientSettings({ principal: 'inventory', region, credentials, maxAttempts: attempts.reading });
  }
}

function kept<T>(map: Map<string, T>, target: { accountId: string; region: string }, make: () => T): T {
  const key = `${target.accountId}/${target.region}`;
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function gateway(instanceId: string, instance: Instance, online: ReadonlySet<string>): GatewayInstance {
  const tags = tagsOf(instance.Tags);
  const runs = instance.State?.Name === 'running';
  const zone = instance.Placement?.AvailabilityZone;
  return {
    instanceId,
    tags,
    state: !runs ? 'stopped' : online.has(instanceId) ? 'online' : 'lost',
    ...(zone ? { zone } : {}),
  };
}

function tagsOf(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined) {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}
