import {
  boundaryArnOf,
  logBucketsOf,
  logsToCloudWatch,
  osUsersDocumentName,
  type Account,
  type Catalog,
  type RoleRef,
} from '@sallyport/catalog';
import {
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderHubPolicy,
  renderInventoryPermissions,
  renderProvisionPermissions,
  renderRecorderPermissions,
  renderRecordingReaderPermissions,
  renderRevokePermissions,
  renderServiceTrust,
  renderSignerPermissions,
  renderSpokeTrust,
  type PolicyDocument,
} from '@sallyport/iam-policy';
import { uniqueId } from '../principals/unique-id.ts';

/** A role as IAM keeps it. */
export interface Role {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  /** `AROA...`. */
  readonly id: string;
  readonly trust: PolicyDocument;
  readonly policies: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
  readonly boundaryArn?: string;
  /** Inline policies that somebody wrote since the start, by name. */
  readonly inline: Map<string, PolicyDocument>;
  /** Longest life of a session, seconds. */
  readonly sessionSecondsMax: number;
}

/** An IAM user with its identity policy. */
export interface User {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly id: string;
  readonly policies: readonly PolicyDocument[];
}

const hourSeconds = 3600;

function role(
  ref: RoleRef,
  account: string,
  parts: Pick<Role, 'trust' | 'policies' | 'boundary' | 'boundaryArn'>,
): Role {
  return {
    arn: ref.arn,
    account,
    name: ref.name,
    id: uniqueId('AROA', ref.arn),
    sessionSecondsMax: hourSeconds,
    inline: new Map(),
    ...parts,
  };
}

/** Every role of hub and spokes with the policies a deployment gives it, by its short name (`hub.issuer`, `workloads.connect`). */
export function rolesOf(catalog: Catalog): Map<string, Role> {
  const { hub, accounts } = catalog;
  const roles = new Map<string, Role>();
  const trust = renderServiceTrust({ service: 'ecs-tasks.amazonaws.com', accountId: hub.accountId });
  const hubRole = (
    purpose: 'issue' | 'revoke' | 'inventory' | 'provision',
    ref: RoleRef,
    spokes: readonly RoleRef[],
  ) =>
    role(ref, hub.accountId, {
      trust,
      policies: [renderHubPolicy({ purpose, roleArns: spokes.map((r) => r.arn) })],
    });
  roles.set(
    'hub.issuer',
    hubRole(
      'issue',
      hub.roles.issuer,
      accounts.map((a) => a.roles.connect),
    ),
  );
  roles.set(
    'hub.revoker',
    hubRole(
      'revoke',
      hub.roles.revoker,
      accounts.map((a) => a.roles.revoke),
    ),
  );
  roles.set(
    'hub.inventory',
    hubRole(
      'inventory',
      hub.roles.inventory,
      accounts.map((a) => a.roles.inventory),
    ),
  );
  if (hub.signing !== null)
    roles.set(
      'hub.signer',
      role(hub.signing.role, hub.accountId, {
        trust,
        policies: [
          renderSignerPermissions({
            accountId: hub.accountId,
            region: hub.signing.region,
            partition: hub.partition,
            aliases: hub.signing.keys.map(({ alias }) => alias),
          }),
        ],
      }),
    );
  for (const [name, made] of recordingRoles(hub, trust)) roles.set(name, made);
  if (hub.roles.provisioner) {
    const spokes = accounts.flatMap((account) => account.roles.provision ?? []);
    roles.set('hub.provisioner', hubRole('provision', hub.roles.provisioner, spokes));
  }
  for (const account of accounts)
    for (const [name, made] of spokeRoles(catalog, account)) roles.set(`${account.name}.${name}`, made);
  return roles;
}

/** The two roles of the bucket of recordings, where the catalogue has one. */
function recordingRoles(
  { recordings, accountId }: Catalog['hub'],
  trust: PolicyDocument,
): [name: string, role: Role][] {
  if (recordings === null) return [];
  const { roles, arn: bucketArn } = recordings;
  return [
    [
      'hub.recorder',
      role(roles.recorder, accountId, { trust, policies: [renderRecorderPermissions({ bucketArn })] }),
    ],
    [
      'hub.reader',
      role(roles.reader, accountId, { trust, policies: [renderRecordingReaderPermissions({ bucketArn })] }),
    ],
  ];
}

function spokeRoles(catalog: Catalog, account: Account): [name: string, role: Role][] {
  const { hub } = catalog;
  const { id: accountId, externalId, roles } = account;
  const trusted = (principal: RoleRef) => ({
    principalArn: principal.arn,
    externalId,
    organisationId: hub.organisationId,
  });
  return [
    [
      'connect',
      role(roles.connect, accountId, {
        trust: renderConnectTrust(trusted(hub.roles.issuer)),
        policies: [renderConnectPermissions({ accountId, ...account })],
        boundary: renderConnectBoundary({ accountId }),
        boundaryArn: boundaryArnOf(roles.connect),
      }),
    ],
    [
      'revoke',
      role(roles.revoke, accountId, {
        trust: renderSpokeTrust(trusted(hub.roles.revoker)),
        policies: [
          renderRevokePermissions({
            accountId,
            connectRole: { arn: roles.connect.arn, boundaryArn: boundaryArnOf(roles.connect) },
          }),
        ],
      }),
    ],
    [
      'inventory',
      role(roles.inventory, accountId, {
        trust: renderSpokeTrust(trusted(hub.roles.inventory)),
        policies: [
          renderInventoryPermissions({
            accountId,
            shellLogGroups: logsToCloudWatch(catalog, accountId),
            shellLogBuckets: logBucketsOf(catalog, account),
          }),
        ],
      }),
    ],
    ...provisionRole(account, hub.roles.provisioner && trusted(hub.roles.provisioner)),
  ];
}

/** The role that makes accounts of people, where the catalogue has one. */
function provisionRole(
  { id: accountId, roles: { provision }, enrolmentTags, hybridNodes }: Account,
  trusted: Parameters<typeof renderSpokeTrust>[0] | null,
): [name: string, role: Role][] {
  if (provision === null || trusted === null) return [];
  const documentName = osUsersDocumentName;
  return [
    [
      'provision',
      role(provision, accountId, {
        trust: renderSpokeTrust(trusted),
        policies: [renderProvisionPermissions({ accountId, documentName, enrolmentTags, hybridNodes })],
      }),
    ],
  ];
}
