import { chooseGateway } from '@sallyport/access-domain';
import type { Gateway, Resource, SessionDocument } from '@sallyport/catalog';
import { documentOf } from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';
import type { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import type { GatewayInstance, GatewayInventory } from '../../platform/aws/inventory/gateway-inventory.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';

/** What a lease leads through, as AWS shows it now. */
export interface LeaseTargetSeen {
  readonly instance: GatewayInstance;
  readonly document: SessionDocument;
}

/** Finds the way to a resource: an open gateway that is online, and the document as it was enrolled. */
export class FindLeaseTarget {
  readonly #gateways: GatewayDirectory;
  readonly #inventory: GatewayInventory;

  constructor(gateways: GatewayDirectory, inventory: GatewayInventory) {
    this.#gateways = gateways;
    this.#inventory = inventory;
  }

  /**
   * Refuses with RESOURCE_NOT_CONNECTABLE, GATEWAY_TAG_CLOSED, GATEWAY_OFFLINE, DOCUMENT_CHANGED, and LEASE_UNAVAILABLE
   * when AWS cannot be asked. `avoid` names instances that the client found dead.
   */
  async of(resource: Resource, avoid: readonly string[] = []): Promise<LeaseTargetSeen> {
    const document = resource.connectable ? documentOf(resource, sha256Hex) : null;
    if (document === null)
      throw new Problem('RESOURCE_NOT_CONNECTABLE', { detail: resource.notConnectable?.reason });
    const [instance] = await Promise.all([
      this.#instance(resource.gateway, avoid),
      this.#check(resource, document),
    ]);
    return { instance, document };
  }

  async #instance(gateway: Gateway, avoid: readonly string[]): Promise<GatewayInstance> {
    const { usable, absent, closed } = await this.#gateways.choose(gateway).catch(unavailable);
    // They come by id, so the first is also the one that reviewers were shown.
    const chosen = chooseGateway(usable, avoid);
    if (chosen) return chosen;
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
