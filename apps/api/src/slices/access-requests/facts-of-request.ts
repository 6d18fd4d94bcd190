import {
  durationText,
  type AccessRequest,
  type Facts,
  type FactsExtension,
  type FactsItem,
  type Grant,
  type RequestItem,
} from '@sallyport/access-domain';
import { documentOf, isOwnAccount, ownAccountUser, type Resource } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import canonicalize from 'canonicalize';
import type { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import {
  asSeenBy,
  documentsShown,
  networkOf,
  refOf,
  sessionPolicyShown,
  shellOf,
  sshOf,
  type ResourceDirectory,
} from '../catalog/index.ts';
import type { GrantStore } from '../grants/index.ts';

/** Lower-case hexadecimal SHA-256 of the canonical JSON (RFC 8785) of the facts; a review names it. */
export function digestOf(facts: Facts): string {
  return sha256Hex(canonicalize(facts) ?? '');
}

type Asked = Pick<
  AccessRequest,
  'requester' | 'reason' | 'ticket' | 'durationSeconds' | 'startsAt' | 'items' | 'extends'
>;

/** Derives what a reviewer is shown from catalogue, gateways and grants; nothing of it comes from the requester but the wish. */
export class FactsOfRequest {
  readonly #directory: ResourceDirectory;
  readonly #gateways: GatewayDirectory;
  readonly #grants: GrantStore;
  readonly #effects: Effects;

  constructor(
    sources: { directory: ResourceDirectory; gateways: GatewayDirectory; grants: GrantStore },
    effects: Effects,
  ) {
    this.#directory = sources.directory;
    this.#gateways = sources.gateways;
    this.#grants = sources.grants;
    this.#effects = effects;
  }

  /**
   * The facts as they are now. A gateway that cannot be seen at the moment keeps the instance that `before` names, so
   * that an outage alone changes nothing.
   */
  async derive(request: Asked, before?: Facts): Promise<Facts> {
    const { requester, reason, ticket, durationSeconds, startsAt } = request;
    const extended = request.extends ? await this.#grants.find(request.extends.grantId) : undefined;
    const held = await this.#grants.usableBy(requester.id, this.#effects.clock.now());
    const items = await Promise.all(
      request.items.map((item, index) =>
        this.#item(item, { request, held, extended, before: before?.items[index] }),
      ),
    );
    return {
      requester: {
        id: requester.id,
        name: requester.name,
        email: requester.email,
        groups: [...requester.groups].sort(),
      },
      reason,
      ticket,
      durationSeconds,
      startsAt: startsAt === null ? null : new Date(startsAt).toISOString(),
      items,
      ...(extended ? { extension: extensionShown(extended, durationSeconds) } : {}),
    };
  }

  async #item(
    item: RequestItem,
    {
      request,
      held,
      extended,
      before,
    }: {
      request: Asked;
      held: readonly Grant[];
      extended: Grant | undefined;
      before: FactsItem | undefined;
    },
  ): Promise<FactsItem> {
    const known = this.#directory.byName(item.resource.name);
    const document = known && documentOf(known.entry, sha256Hex);
    if (!known || !document)
      throw new Problem('RESOURCE_UNKNOWN', { detail: `${item.resource.name} is no longer offered.` });
    const entry = asSeenBy(known.entry, request.requester);
    if (isOwnAccount(entry) && (entry.ssh?.user ?? entry.shell?.runAs) === ownAccountUser)
      throw new Problem('LEASE_OS_ACCOUNT_MISSING');
    const network = networkOf(entry);
    const { instanceId } = await this.#gateways.look(entry.gateway);
    return {
      resource: refOf(known),
      title: entry.title,
      reach: {
        host: entry.host,
        port: entry.port,
        protocol: entry.protocol,
        database: entry.database?.name ?? null,
        databaseRole: entry.database?.role ?? null,
      },
      ...(network ? { network } : {}),
      gateway: {
        instanceId: instanceId ?? before?.gateway.instanceId ?? null,
        selector: { ...entry.gateway.selector },
      },
      account: { id: entry.account.id, name: entry.account.name },
      region: entry.region,
      document: { name: document.name, sha256: document.sha256 },
      ...sessionFacts(entry, item.policy.demands?.clientRecording === true),
      sessionPolicy: sessionPolicyShown(
        entry,
        document.name,
        instanceId ?? before?.gateway.instanceId ?? null,
      ),
      recording: { ...entry.recording },
      adds: extended
        ? whatItMoves(item.resource.name, request, extended)
        : whatItAdds(item.resource.name, request, held),
    };
  }
}

/** What of a host is opened, and through which documents; nothing for what has one port. */
function sessionFacts(entry: Resource, demanded: boolean): Pick<FactsItem, 'documents' | 'ssh' | 'shell'> {
  const [ssh, shell] = [sshOf(entry), shellOf(entry)];
  if (ssh) return { ssh };
  if (!shell) return {};
  const documents = documentsShown(entry);
  return { documents, shell: { ...shell, clientRecording: shell.clientRecording || demanded } };
}

function extensionShown({ id, startsAt, endsAt }: Grant, seconds: number): FactsExtension {
  const [startedAt, until] = [new Date(startsAt), new Date(endsAt + seconds * 1000)];
  return {
    grantId: id,
    startedAt: startedAt.toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    until: until.toISOString(),
  };
}

function whatItMoves(name: string, request: Asked, grant: Grant): string {
  const { endsAt, until } = extensionShown(grant, request.durationSeconds);
  return `${request.requester.email} reaches ${name} until ${momentText(endsAt)}; this moves the end by ${durationText(request.durationSeconds)}, until ${momentText(until)}.`;
}

/** A moment as a person reads it, wherever they are: `2026-11-22 14:05 UTC`. */
function momentText(isoTime: string): string {
  return `${isoTime.slice(0, 10)} ${isoTime.slice(11, 16)} UTC`;
}

function whatItAdds(name: string, request: Asked, held: readonly Grant[]): string {
  const now = held.find((grant) => grant.resource.name === name);
  const time = durationText(request.durationSeconds);
  return now
    ? `${request.requester.email} already reaches ${name} until ${momentText(new Date(now.endsAt).toISOString())}; this gives ${time} from its own start.`
    : `${request.requester.email} cannot reach ${name} now; this lets them for ${time}.`;
}
