import {
  boundaryArnOf,
  boundaryNameOf,
  osUsersDocumentName,
  type Account,
  type Hub,
} from '@sallyport/catalog';
import {
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderInventoryPermissions,
  renderProvisionPermissions,
  renderRevokePermissions,
  renderSpokeTrust,
} from '@sallyport/iam-policy';
import { aws_iam as iam, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addRole } from '../parts/role.ts';

export interface SpokeStackProps extends StackProps {
  readonly hub: Hub;
  readonly account: Account;
  /** Some shell of the account is logged to CloudWatch. */
  readonly shellLogGroups: boolean;
  /** Buckets that shells of the account are logged to, as ARNs. */
  readonly shellLogBuckets: readonly string[];
}

/** The roles that the control plane takes on in an account that holds resources. */
export class SpokeStack extends Stack {
  constructor(scope: Construct, id: string, props: SpokeStackProps) {
    super(scope, id, { ...props, description: 'Sallyport: roles in an account that holds resources' });
    const { hub, account, shellLogGroups, shellLogBuckets } = props;
    this.#addConnect(hub, account);
    const trusting = (principalArn: string) =>
      renderSpokeTrust({
        principalArn,
        externalId: account.externalId,
        organisationId: hub.organisationId,
      });
    addRole(this, 'Revoke', {
      role: account.roles.revoke,
      description: 'Sallyport: finds and ends sessions of grants, and denies what is revoked',
      trust: trusting(hub.roles.revoker.arn),
      permissions: renderRevokePermissions({
        accountId: account.id,
        partition: account.partition,
        connectRole: { arn: account.roles.connect.arn, boundaryArn: boundaryArnOf(account.roles.connect) },
      }),
    });
    addRole(this, 'Inventory', {
      role: account.roles.inventory,
      description: 'Sallyport: sees instances and reads session documents',
      trust: trusting(hub.roles.inventory.arn),
      permissions: renderInventoryPermissions({
        accountId: account.id,
        partition: account.partition,
        shellLogGroups,
        shellLogBuckets,
      }),
    });
    if (account.roles.provision && hub.roles.provisioner)
      addRole(this, 'Provision', {
        role: account.roles.provision,
        description: 'Sallyport: makes and locks accounts of people on enrolled hosts, by one document',
        trust: trusting(hub.roles.provisioner.arn),
        permissions: renderProvisionPermissions({
          accountId: account.id,
          partition: account.partition,
          documentName: osUsersDocumentName,
          enrolmentTags: account.enrolmentTags,
          hybridNodes: account.hybridNodes,
        }),
      });
  }

  /** Managed, not inline: who may write inline policies of the role can neither replace nor remove these. */
  #addConnect(hub: Hub, account: Account): void {
    const { connect } = account.roles;
    const boundary = new iam.CfnManagedPolicy(this, 'ConnectBoundary', {
      path: connect.path,
      managedPolicyName: boundaryNameOf(connect),
      description: 'Sallyport: what no policy of the connecting role can exceed',
      policyDocument: renderConnectBoundary({ accountId: account.id, partition: account.partition }),
    });
    const permissions = new iam.CfnManagedPolicy(this, 'ConnectPermissions', {
      path: connect.path,
      managedPolicyName: `${connect.name}Permissions`,
      description: 'Sallyport: the ceiling of every lease',
      policyDocument: renderConnectPermissions({
        accountId: account.id,
        ...account,
      }),
    });
    addRole(this, 'Connect', {
      role: connect,
      description: 'Sallyport: leases are issued from this role, each narrowed by its session policy',
      trust: renderConnectTrust({
        principalArn: hub.roles.issuer.arn,
        externalId: account.externalId,
        organisationId: hub.organisationId,
      }),
      managedPolicyArns: [permissions.ref],
      boundaryArn: boundary.ref,
    });
  }
}
