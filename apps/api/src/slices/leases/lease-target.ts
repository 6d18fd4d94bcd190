import { chooseGateway } from '@sallyport/access-domain';
import type { ChosenPurpose, Resource, SessionDocument } from '@sallyport/catalog';
import { documentOf, hostKeyTag } from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';
import type { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import type { GatewayInstance, GatewayInventory } from '../../platform/aws/inventory/gateway-inventory.ts';
import type { AgentStore, KnownAgent } from '../agents/index.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';

/** What a lease leads through, as AWS shows it now. */
export interface LeaseTargetSeen {
  readonly instance: GatewayInstance;
  /** The companion agent there, when the resource is reached through one. */
  readonly agent: KnownAgent | null;
  readonly document: SessionDocument;
}

/** Finds the way to a resource: an open gateway that is online, and the document as it was enrolled. */
export class FindLeaseTarget {
  readonly #gateways: GatewayDirectory;
  readonly #inventory: GatewayInventory;
  readonly #agents: AgentStore;

  constructor(gateways: GatewayDirectory, inventory: GatewayInventory, agents: AgentStore) {
    this.#gateways = gateways;
    this.#inventory = inventory;
    this.#agents = agents;
  }

  /**
   * Refuses with RESOURCE_NOT_CONNECTABLE, GATEWAY_TAG_CLOSED, GATEWAY_OFFLINE, AGENT_NOT_ENROLLED,
   * GATEWAY_HOST_KEY_UNKNOWN, DOCUMENT_CHANGED, and LEASE_UNAVAILABLE when AWS cannot be asked. `avoid` names instances
   * that the client found dead.
   */
  async of(
    resource: Resource,
    chosen: ChosenPurpose,
    avoid: readonly string[] = [],
  ): Promise<LeaseTargetSeen> {
    const document = resource.connectable ? documentOf(resource, sha256Hex, chosen) : null;
    if (document === null)
      throw new Problem('RESOURCE_NOT_CONNECTABLE', { detail: resource.notConnectable?.reason });
    const [found] = await Promise.all([this.#found(resource, avoid), this.#check(resource, document)]);
    return { ...found, document };
  }

  async #found(
    { gateway, network }: Resource,
    avoid: readonly string[],
  ): Promise<Omit<LeaseTargetSeen, 'document'>> {
    const { usable, absent, closed } = await this.#gateways.choose(gateway).catch(unavailable);
    const agents =
      network?.way === 'agent'
        ? await this.#agents.onInstances(usable.map(({ instanceId }) => instanceId))
        : undefined;
    const fit = usable
      .filter(({ instanceId }) => agents?.has(instanceId) ?? true)
      .filter(({ tags }) => network?.way !== 'ssh' || tags[hostKeyTag] !== undefined);
    // They come by id, so the first is also the one that reviewers were shown.
    const chosen = chooseGateway(fit, avoid);
    if (chosen) return { instance: chosen, agent: agents?.get(chosen.instanceId) ?? null };
    if (usable.length > 0) throw new Problem(agents ? 'AGENT_NOT_ENROLLED' : 'GATEWAY_HOST_KEY_UNKNOWN');
    if (absent.length === 0 && closed.length > 0) throw new Problem('GATEWAY_TAG_CLOSED');
    throw new Problem('GATEWAY_OFFLINE', { retryAfterSeconds: 10 });
  }

  async #check({ account, region }: Resource, document: SessionDocument): Promise<void> {
    const search = { accountId: account.id, region, name: document.name };
    const deployed = await this.#inventory.readDocument(search).catch(unavailable);
    if (!deployed)
      throw new Problem('DOCUMENT_CHANGED', { detail: `There is no document ${document.name}.` });
    if (!deployed.active || deployed.sha256 !== document.sha256)
      throw new Problem('DOCUMENT_CHANGED', { detail: `The document ${document.name} has other content.` });
  }
}

function unavailable(error: unknown): never {
  if (!(error instanceof Problem)) throw error;
  throw new Problem('LEASE_UNAVAILABLE', {
    detail: `The gateways could not be looked at (${error.code}).`,
    retryAfterSeconds: 5,
    cause: error,
  });
}
