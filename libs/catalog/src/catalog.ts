import type { Network } from './network.ts';
import type { GatewayAccounts } from './os-users/plan-accounts.ts';
import type { ShellAccess, SshAccess } from './session-access.ts';

/** A catalogue with its references resolved: what the rest of the product works with. */
export interface Catalog {
  readonly hub: Hub;
  readonly accounts: readonly Account[];
  readonly gateways: readonly Gateway[];
  readonly resources: readonly Resource[];
}

export interface Hub {
  readonly accountId: string;
  /** That of its spokes: no role is taken on across partitions. */
  readonly partition: string;
  /** Demanded of whoever assumes a spoke role, when there is an organisation. */
  readonly organisationId: string | null;
  readonly roles: {
    readonly issuer: RoleRef;
    readonly revoker: RoleRef;
    readonly inventory: RoleRef;
    /** Null where no gateway has accounts of people. */
    readonly provisioner: RoleRef | null;
  };
  /** What signs the tokens of whole networks by KMS; null where nothing does. */
  readonly signing: Signing | null;
  /** Where recordings lie; null where they lie in a folder of the control plane. */
  readonly recordings: RecordingBucket | null;
}

/** A bucket of S3 in the hub's account, with object lock. */
export interface RecordingBucket {
  readonly region: string;
  readonly bucket: string;
  /** `arn:aws:s3:::BUCKET`. */
  readonly arn: string;
  /** What is written cannot be removed or replaced for so long, and is removed then. */
  readonly days: number;
  /** The one writes and does not read, the other reads and does not write. */
  readonly roles: { readonly recorder: RoleRef; readonly reader: RoleRef };
}

export interface Signing {
  readonly role: RoleRef;
  readonly region: string;
  /** In the order in which they come into use. */
  readonly keys: readonly SigningKey[];
}

/** A key of KMS in the hub's account; its alias leads to it. */
export interface SigningKey {
  readonly name: string;
  /** `alias/sallyport-signing-NAME`. */
  readonly alias: string;
  readonly aliasArn: string;
}

/** A spoke: an account that holds resources. */
export interface Account {
  readonly id: string;
  /** The world of AWS that its regions belong to: `aws`, `aws-cn`, `aws-us-gov`, ... */
  readonly partition: string;
  readonly name: string;
  readonly regions: readonly string[];
  /** Not a secret; keeps the hub from being tricked into acting on a foreign account. */
  readonly externalId: string;
  readonly roles: {
    readonly connect: RoleRef;
    readonly revoke: RoleRef;
    readonly inventory: RoleRef;
    /** Null where no gateway of it has accounts of people. */
    readonly provision: RoleRef | null;
  };
  /** Tags without which IAM refuses an instance, whatever a lease says. */
  readonly enrolmentTags: Tags;
  /** Whether people sign in to a database of it by IAM, so that its role must admit that. */
  readonly databaseSignIn: boolean;
  /** Whether people push SSH keys to a gateway of it by Instance Connect, so that its role must admit that. */
  readonly instanceConnect: boolean;
  /** Whether nodes outside EC2 are reached, so that its role must admit those. */
  readonly hybridNodes: boolean;
  /** The KMS key that encrypts shells and commands, or null where none is encrypted. */
  readonly sessionKeyArn: string | null;
  /** The auditors' public X25519 key, which client recordings are sealed to; null where none is demanded. */
  readonly auditorsKey: string | null;
}

/** ARN of the boundary that hangs on the connecting role; infra/ makes it under this name. */
export function boundaryArnOf({ path, name, arn }: RoleRef): string {
  return `${arn.slice(0, arn.indexOf(':role/'))}:policy${path}${boundaryNameOf({ name })}`;
}

export function boundaryNameOf({ name }: Pick<RoleRef, 'name'>): string {
  return `${name}Boundary`;
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
  /** Nodes outside EC2, which Session Manager knows as mi-... */
  readonly hybrid: boolean;
  /** Whether infra/ makes its instances; else they are hosts that exist by themselves. */
  readonly deployed: boolean;
  /** Whose accounts its hosts have; null where Sallyport makes none. */
  readonly accounts: GatewayAccounts | null;
}

export const resourceKinds = ['database', 'port', 'cluster', 'ssh', 'shell', 'subnet'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** What is spoken on a resource's port. */
export const resourceProtocols = ['postgresql', 'mysql', 'redis', 'http', 'kubernetes', 'ssh'] as const;
export type ResourceProtocol = (typeof resourceProtocols)[number];

/** How the far end proves itself, when it speaks TLS. */
export interface Tls {
  /**
   * The name in its certificate, which a client must verify instead of the loopback address it dials; for a database
   * with IAM sign-in also the endpoint that a token is signed for.
   */
  readonly serverName: string;
  /** PEM certificates that sign it; null where public authorities do. */
  readonly ca: string | null;
}

/** The database behind a resource and the role that people become in it. */
export interface Database {
  /** PostgreSQL and MySQL: its name; Redis: its number. */
  readonly name: string;
  readonly role: string;
  /** `iam`: the password is a token of 15 minutes, signed with the lease; `none`: Sallyport hands over no password. */
  readonly auth: 'none' | 'iam';
  /** What IAM calls the database (`db-...`, `cluster-...` or `prx-...`); null unless `auth` is `iam`. */
  readonly rdsResourceId: string | null;
}

/** An EKS cluster; its endpoint is the resource's host and port. */
export interface Cluster {
  /** As EKS knows it: the name that a token is signed for. */
  readonly name: string;
  readonly serverName: string;
  readonly ca: string | null;
}

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
  /** Null for kinds without one destination (shell, subnet), and for a port of the instance itself (ssh, `onInstance`). */
  readonly host: string | null;
  readonly port: number | null;
  /** The first network of a subnet. */
  readonly cidr: string | null;
  /** What a subnet reaches; null for other kinds, and for a subnet that is not connectable. */
  readonly network: Network | null;
  /** The sshd of the instance that the gateway's selector chooses; null for other kinds, and when not connectable. */
  readonly ssh: SshAccess | null;
  /** Shells and commands on that instance; null likewise. */
  readonly shell: ShellAccess | null;
  readonly protocol: ResourceProtocol | null;
  /** Null where nothing is known of TLS; a cluster's is repeated here. */
  readonly tls: Tls | null;
  readonly database: Database | null;
  readonly cluster: Cluster | null;
  readonly connectable: boolean;
  /** Why not, when not connectable. */
  readonly notConnectable: { readonly code: 'RESOURCE_NOT_CONNECTABLE'; readonly reason: string } | null;
  readonly recording: {
    readonly recorded: boolean;
    readonly where: string | null;
    readonly statement: string;
  };
}

/** The database user that leases of a resource sign in as by IAM, or null where nobody does. */
export function databaseUserOf({ database }: Pick<Resource, 'database'>) {
  return database?.rdsResourceId == null
    ? null
    : { rdsResourceId: database.rdsResourceId, name: database.role };
}

/** The tag that names the owning team of an instance. */
export const teamTag = 'jit-team';

/** The tag that holds the SSH host key of an instance, `ssh-ed25519 AAAA...`, written by whoever enrols it. */
export const hostKeyTag = 'jit-host-key';
