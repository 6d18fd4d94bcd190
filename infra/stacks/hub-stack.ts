import type { Catalog, RecordingBucket } from '@sallyport/catalog';
import {
  renderHubPolicy,
  renderRecorderPermissions,
  renderRecordingReaderPermissions,
  renderServiceTrust,
  renderSignerPermissions,
  type PolicyDocument,
} from '@sallyport/iam-policy';
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addRole } from '../parts/role.ts';

export interface HubStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly hubService: string;
}

/** The identities of the control plane. Each may take on its counterpart in the spokes and nothing else; the signer may only sign. */
export class HubStack extends Stack {
  constructor(scope: Construct, id: string, props: HubStackProps) {
    super(scope, id, { ...props, description: 'Sallyport: identities of the control plane' });
    const { hub, accounts } = props.catalog;
    const trust = renderServiceTrust({ service: props.hubService, accountId: hub.accountId });
    addRole(this, 'Issuer', {
      role: hub.roles.issuer,
      description: 'Sallyport issuer: takes on the connecting role of each spoke for one grant at a time',
      trust,
      permissions: renderHubPolicy({
        purpose: 'issue',
        roleArns: accounts.map((account) => account.roles.connect.arn),
      }),
    });
    addRole(this, 'Revoker', {
      role: hub.roles.revoker,
      description: 'Sallyport revoker: takes on the revoking role of each spoke',
      trust,
      permissions: renderHubPolicy({
        purpose: 'revoke',
        roleArns: accounts.map((account) => account.roles.revoke.arn),
      }),
    });
    addRole(this, 'Inventory', {
      role: hub.roles.inventory,
      description: 'Sallyport inventory: takes on the reading role of each spoke',
      trust,
      permissions: renderHubPolicy({
        purpose: 'inventory',
        roleArns: accounts.map((account) => account.roles.inventory.arn),
      }),
    });
    if (hub.roles.provisioner)
      addRole(this, 'Provisioner', {
        role: hub.roles.provisioner,
        description: 'Sallyport provisioner: takes on the role of each spoke that makes accounts on hosts',
        trust,
        permissions: renderHubPolicy({
          purpose: 'provision',
          roleArns: accounts.flatMap((account) => account.roles.provision?.arn ?? []),
        }),
      });
    if (hub.recordings) this.#addRecordingRoles(hub.recordings, trust);
    if (hub.signing === null) return;
    const { role, region, keys } = hub.signing;
    addRole(this, 'Signer', {
      role,
      description: 'Sallyport signer: signs the tokens of whole networks',
      trust,
      permissions: renderSignerPermissions({
        accountId: hub.accountId,
        region,
        partition: hub.partition,
        aliases: keys.map(({ alias }) => alias),
      }),
    });
  }
  /** Apart, so that what takes recordings in can read none. */
  #addRecordingRoles({ arn: bucketArn, roles }: RecordingBucket, trust: PolicyDocument): void {
    addRole(this, 'Recorder', {
      role: roles.recorder,
      description: 'Sallyport recorder: puts recordings into their bucket, and cannot read one',
      trust,
      permissions: renderRecorderPermissions({ bucketArn }),
    });
    addRole(this, 'RecordingReader', {
      role: roles.reader,
      description: 'Sallyport recording reader: reads recordings for auditors, and writes none',
      trust,
      permissions: renderRecordingReaderPermissions({ bucketArn }),
    });
  }
}
