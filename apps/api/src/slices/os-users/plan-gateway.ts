import type { PersonRef } from '@sallyport/access-domain';
import {
  parseHostFacts,
  planAccounts,
  stepText,
  type Gateway,
  type GatewayAccounts,
  type HostFacts,
  type HostPlan,
} from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';
import canonicalize from 'canonicalize';
import type { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import type { GatewayInstance } from '../../platform/aws/inventory/gateway-inventory.ts';
import type { HostAnswer, HostProvisioner } from '../../platform/aws/provisioner/host-provisioner.ts';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import type { ResourceDirectory } from '../catalog/index.ts';
import type { OsAccountStore } from './os-account.prisma-store.ts';

/** What is to be done on one host. */
export interface PlannedHost extends HostPlan {
  readonly instance: GatewayInstance;
  readonly facts: HostFacts;
  /** The changes as the host takes them. */
  readonly steps: readonly string[];
}

/** What is to be done on every host of a gateway; its digest stands for all of it. */
export interface GatewayPlan {
  readonly gateway: Gateway;
  readonly accounts: GatewayAccounts;
  readonly members: readonly PersonRef[];
  readonly digest: string;
  readonly hosts: readonly PlannedHost[];
  /** Hosts that could not be asked, with the code of why. */
  readonly unreached: readonly { readonly instance: GatewayInstance; readonly code: string }[];
}

/** Asks the hosts of a gateway and plans; changes nothing. */
export class PlanGateway {
  readonly #directory: ResourceDirectory;
  readonly #gateways: GatewayDirectory;
  readonly #provisioner: HostProvisioner;
  readonly #store: OsAccountStore;

  constructor(sources: {
    readonly directory: ResourceDirectory;
    readonly gateways: GatewayDirectory;
    readonly provisioner: HostProvisioner;
    readonly store: OsAccountStore;
  }) {
    this.#directory = sources.directory;
    this.#gateways = sources.gateways;
    this.#provisioner = sources.provisioner;
    this.#store = sources.store;
  }

  /** The gateways whose hosts have accounts of people. */
  managed(): { readonly name: string; readonly group: string; readonly sync: boolean }[] {
    return this.#directory.catalog.gateways.flatMap(({ name, accounts }) =>
      accounts ? [{ name, group: accounts.group, sync: accounts.sync }] : [],
    );
  }

  /** Those whose accounts follow a group without being told. */
  synced(): { readonly name: string; readonly group: string }[] {
    return this.managed().filter(({ sync }) => sync);
  }

  /** Refuses with GATEWAY_UNKNOWN, OS_USERS_NOT_MANAGED and AWS_* codes. */
  async of(name: string): Promise<GatewayPlan> {
    const gateway = this.#directory.catalog.gateways.find((known) => known.name === name);
    if (!gateway) throw new Problem('GATEWAY_UNKNOWN');
    const { accounts } = gateway;
    if (!accounts) throw new Problem('OS_USERS_NOT_MANAGED');
    const { usable, absent } = await this.#gateways.choose(gateway);
    const members = await this.#store.membersOf(accounts.group);
    const asked = await Promise.all(
      usable.map((instance) =>
        this.#facts(gateway, instance).then(
          (facts) => ({ instance, facts }),
          (error: unknown) => {
            if (error instanceof Problem) return { instance, code: error.code };
            throw error;
          },
        ),
      ),
    );
    const hosts = asked.flatMap((one): PlannedHost[] => {
      if (!('facts' in one)) return [];
      const plan = planAccounts(accounts, members, one.facts);
      return [{ ...one, ...plan, steps: plan.changes.map(stepText) }];
    });
    const unreached = [
      ...asked.flatMap((one) => ('code' in one ? [one] : [])),
      ...absent.map((instance) => ({ instance, code: 'GATEWAY_OFFLINE' })),
    ];
    const digest = digestOf(gateway, hosts, unreached);
    return { gateway, accounts, members, digest, hosts, unreached };
  }

  /** Carries out the steps on one host, which refuses when it no longer is as it told. */
  carryOut({ account, region }: Gateway, { instance, facts, steps }: PlannedHost): Promise<HostAnswer> {
    return this.#provisioner.run({
      accountId: account.id,
      region,
      instanceId: instance.instanceId,
      action: 'apply',
      expect: sha256Hex(facts.text),
      steps: steps.join(' '),
    });
  }

  async #facts({ account, region }: Gateway, { instanceId }: GatewayInstance): Promise<HostFacts> {
    const order = {
      accountId: account.id,
      region,
      instanceId,
      action: 'facts',
      expect: '',
      steps: '',
    } as const;
    const { code, output } = await this.#provisioner.run(order);
    if (code !== 0)
      throw new Problem('OS_USERS_HOST_UNREADY', { detail: `The host answered with the status ${code}.` });
    return parseHostFacts(output);
  }
}

/** Over everything that is carried out and what it rests on; not over what changes by itself, such as processes. */
function digestOf(
  gateway: Gateway,
  hosts: readonly PlannedHost[],
  unreached: GatewayPlan['unreached'],
): string {
  const seen = {
    gateway: gateway.name,
    hosts: hosts.map(({ instance, facts, steps, refused }) => ({
      instanceId: instance.instanceId,
      facts: sha256Hex(facts.text),
      steps,
      refused,
    })),
    unreached: unreached.map(({ instance }) => instance.instanceId),
  };
  return sha256Hex(canonicalize(seen) ?? '');
}
