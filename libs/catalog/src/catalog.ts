/** A catalogue with its references resolved: what the rest of the product works with. */
export interface Catalog {
  readonly hub: Hub;
  readonly accounts: readonly Account[];
  readonly gateways: readonly Gateway[];
  readonly resources: readonly Resource[];
}

export interface Hub {
  readonly accountId: string;
  /** Demanded of whoever assumes a spoke role, when there is an organisation. */
  readonly organisationId: string | null;
  readonly roles: { readonly issuer: RoleRef; readonly revoker: RoleRef; readonly inventory: RoleRef };
}

/** A spoke: an account that holds resources. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly regions: readonly string[];
  /** Not a secret; keeps the hub from being tricked into acting on a foreign account. */
  readonly externalId: string;
  readonly roles: { readonly connect: RoleRef; readonly revoke: RoleRef; readonly inventory: RoleRef };
  /** Tags without which IAM refuses an instance, whatever a lease says. */
  readonly enrolmentTags: Tags;
}

export interface RoleRef {
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly name: string;
  readonly arn: string;
}

export type Tags = Readonly<Record<string, string>>;

/** Instances that reach resources, chosen by tags when a lease is issued. */
export interface Gateway {
  readonly name: string;
  readonly account: Account;
  readonly region: string;
  readonly selector: Tags;
  /** Value of the tag `jit-team`; becomes the session tag `Team` of a lease. */
  readonly team: string;
}

export type ResourceKind = 'database' | 'port' | 'ssh' | 'shell' | 'subnet';

/** What people ask for by name. */
export interface Resource {
  readonly name: string;
  readonly kind: ResourceKind;
  readonly title: string;
  readonly description: string;
  readonly environment: string;
  readonly team: string;
  readonly tags: Tags;
  readonly gateway: Gateway;
  readonly account: Account;
  readonly region: string;
  /** Null for kinds without one destination (shell, subnet). */
  readonly host: string | null;
  readonly port: number | null;
  readonly cidr: string | null;
  readonly protocol: 'postgresql' | 'http' | 'ssh' | null;
  readonly database: { readonly name: string; readonly role: string } | null;
  readonly connectable: boolean;
  /** Why not, when not connectable. */
  readonly notConnectable: { readonly code: 'RESOURCE_NOT_CONNECTABLE'; readonly reason: string } | null;
  readonly recording: {
    readonly recorded: boolean;
    readonly where: string | null;
    readonly statement: string;
  };
}

/** The tag that names the owning team of an instance. */
export const teamTag = 'jit-team';
