import { favouring, limits, maySee, type Person } from '@sallyport/access-domain';
import { documentOf, isOwnAccount, ownAccountUser } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import type { Policies, UsualWait } from '../policies/index.ts';
import {
  asSeenBy,
  networkOf,
  offered,
  refOf,
  shellOf,
  speechOf,
  sshOf,
  type KnownResource,
  type ResourceDirectory,
} from './resource-directory.ts';
import type { ResourceDto, ResourceMineDto, ResourceRuleDto, SessionPolicyDto } from './resource.dto.ts';
import { documentsShown, sessionPolicyShown } from './session-policy.ts';

/** Where a person stands with everything they asked for or were granted. */
interface Standing {
  readonly waiting: ReadonlyMap<string, string>;
  readonly granted: ReadonlyMap<string, { id: string; endsAt: Date; live: number }>;
}

/** What a person may see of the catalogue. */
export class ResourcesQuery {
  readonly #client: PrismaClient;
  readonly #effects: Effects;
  readonly #directory: ResourceDirectory;
  readonly #policies: Policies;
  readonly #gateways: GatewayDirectory;
  readonly #usualWait: UsualWait;

  constructor(
    client: PrismaClient,
    effects: Effects,
    sources: {
      directory: ResourceDirectory;
      policies: Policies;
      gateways: GatewayDirectory;
      usualWait: UsualWait;
    },
  ) {
    this.#client = client;
    this.#effects = effects;
    this.#directory = sources.directory;
    this.#policies = sources.policies;
    this.#gateways = sources.gateways;
    this.#usualWait = sources.usualWait;
  }

  /** Those the person may see, in the order of the catalogue; `tag` is `key=value`. Refuses with FILTER_INVALID. */
  async list(person: Person, tag?: string): Promise<ResourceDto[]> {
    const wanted = tag === undefined ? undefined : /^([^=]+)=(.*)$/.exec(tag);
    if (wanted === null)
      throw new Problem('FILTER_INVALID', { detail: 'A tag filter has the form key=value.' });
    const visible = this.#directory
      .all()
      .filter((resource) => maySee(this.#policies.inForce(), person, offered(resource)))
      .filter(({ entry }) => wanted === undefined || entry.tags[wanted[1] ?? ''] === wanted[2]);
    const standing = await this.#standingOf(person);
    return Promise.all(visible.map((resource) => this.#shown(resource, person, standing)));
  }

  /** Refuses with RESOURCE_UNKNOWN what is not there and what the person may not know of, alike. */
  async read(person: Person, name: string): Promise<ResourceDto> {
    return this.#shown(this.visible(person, name), person, await this.#standingOf(person));
  }

  /**
   * What a lease of a resource would carry, for the person who looks. Refuses with RESOURCE_UNKNOWN like `read`, with
   * RESOURCE_NOT_CONNECTABLE, and with LEASE_OS_ACCOUNT_MISSING where the person has no account to be named in it.
   */
  async readSessionPolicy(person: Person, name: string): Promise<SessionPolicyDto> {
    const known = this.visible(person, name);
    const entry = asSeenBy(known.entry, person);
    const document = entry.connectable ? documentOf(entry, sha256Hex) : null;
    if (document === null)
      throw new Problem('RESOURCE_NOT_CONNECTABLE', {
        detail: entry.notConnectable?.reason ?? `${name} cannot be connected to yet.`,
      });
    if (isOwnAccount(entry) && (entry.ssh?.user ?? entry.shell?.runAs) === ownAccountUser)
      throw new Problem('LEASE_OS_ACCOUNT_MISSING');
    const { instanceId } = await this.#gateways.look(entry.gateway);
    return {
      resource: refOf(known),
      account: { id: entry.account.id, name: entry.account.name },
      region: entry.region,
      instanceId,
      document: { name: document.name, sha256: document.sha256 },
      documents: documentsShown(entry),
      sessionPolicy: { ...sessionPolicyShown(entry, document.name, instanceId) },
    };
  }

  /** What the person may know of. Refuses with RESOURCE_UNKNOWN like `read`. */
  visible(person: Person, name: string): KnownResource {
    const resource = this.#directory.byName(name);
    if (!resource || !maySee(this.#policies.inForce(), person, offered(resource)))
      throw new Problem('RESOURCE_UNKNOWN', { detail: `There is no resource ${name}.` });
    return resource;
  }

  async #shown(resource: KnownResource, person: Person, standing: Standing): Promise<ResourceDto> {
    const { id, entry } = resource;
    const sight = await this.#gateways.look(entry.gateway);
    return {
      id,
      name: entry.name,
      kind: entry.kind,
      title: entry.title,
      description: entry.description,
      environment: entry.environment,
      tags: { ...entry.tags },
      ...speechOf(entry),
      cidr: entry.cidr,
      network: networkOf(entry),
      ssh: sshOf(asSeenBy(entry, person)),
      shell: shellOf(asSeenBy(entry, person)),
      account: { id: entry.account.id, name: entry.account.name },
      region: entry.region,
      gateway: { selector: { ...entry.gateway.selector }, ...sight },
      documents: documentsShown(asSeenBy(entry, person)),
      connectable: entry.connectable,
      notConnectable: entry.notConnectable && { ...entry.notConnectable },
      rule: await this.#rule(resource, person),
      recording: { ...entry.recording },
      mine: mineOf(id, standing),
    };
  }

  /** The first policy that favours the person, or the first that covers the resource for those who only look on. */
  async #rule(resource: KnownResource, person: Person): Promise<ResourceRuleDto> {
    const set = this.#policies.inForce();
    const anybody = { ...person, groups: set.policies.flatMap((policy) => policy.requesters) };
    const about = offered(resource);
    const policy = favouring(set, person, about)[0] ?? favouring(set, anybody, about)[0];
    return {
      policy: policy?.name ?? 'none',
      maxDurationSeconds: policy?.longestSeconds ?? 0,
      defaultDurationSeconds: policy?.defaultSeconds ?? limits.grantSecondsMin,
      reasonRequired: policy?.reasonRequired ?? true,
      reasonExample: policy?.reasonExample ?? '',
      autoApproved: policy?.approval === 'automatic',
      reviewers: policy?.approval === 'review' ? [...policy.reviewers] : [],
      usualWaitSeconds: policy?.approval === 'review' ? await this.#usualWait.of(policy.reviewers) : null,
    };
  }

  async #standingOf(person: Person): Promise<Standing> {
    const now = new Date(this.#effects.clock.now());
    const [items, grants] = await Promise.all([
      this.#client.requestItem.findMany({
        where: { requesterId: person.id, open: true, request: { lapsesAt: { gt: now } } },
        select: { resourceId: true, requestId: true },
      }),
      this.#client.grant.findMany({
        where: { personId: person.id, state: { not: 'ended' }, startsAt: { lte: now }, endsAt: { gt: now } },
        orderBy: { endsAt: 'asc' },
        select: {
          id: true,
          resourceId: true,
          endsAt: true,
          _count: { select: { sessions: { where: { state: { not: 'closed' } } } } },
        },
      }),
    ]);
    return {
      waiting: new Map(items.map((item) => [item.resourceId, item.requestId])),
      // Of several grants the one that lasts longest is shown.
      granted: new Map(
        grants.map(({ id, resourceId, endsAt, _count }) => [
          resourceId,
          { id, endsAt, live: _count.sessions },
        ]),
      ),
    };
  }
}

function mineOf(resourceId: string, { waiting, granted }: Standing): ResourceMineDto {
  const grant = granted.get(resourceId);
  const requestId = waiting.get(resourceId) ?? null;
  if (grant)
    return {
      state: grant.live > 0 ? 'connected' : 'granted',
      requestId,
      grantId: grant.id,
      endsAt: grant.endsAt.toISOString(),
    };
  return { state: requestId === null ? 'none' : 'waiting', requestId, grantId: null, endsAt: null };
}
