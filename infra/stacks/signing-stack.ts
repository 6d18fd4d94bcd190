import type { Hub, Signing } from '@sallyport/catalog';
import { renderSigningKeyPolicy, tokenSigning } from '@sallyport/iam-policy';
import { aws_kms as kms, CfnDeletionPolicy, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface SigningStackProps extends StackProps {
  readonly hub: Hub;
  readonly signing: Signing;
}

/**
 * The keys that sign the tokens of whole networks, in the hub's account. A key stays when it leaves the catalogue or the
 * stack goes: agents and helpers believe it until they have followed a rotation.
 */
export class SigningStack extends Stack {
  constructor(scope: Construct, id: string, props: SigningStackProps) {
    super(scope, id, { ...props, description: 'Sallyport: keys that sign the tokens of whole networks' });
    const { hub, signing } = props;
    for (const { name, alias } of signing.keys) {
      const key = new kms.CfnKey(this, `Key-${name}`, {
        description: `Sallyport: signs the tokens of whole networks (${name})`,
        keySpec: tokenSigning.keySpec,
        keyUsage: 'SIGN_VERIFY',
        keyPolicy: renderSigningKeyPolicy({
          accountId: hub.accountId,
          partition: hub.partition,
          signerRoleArn: signing.role.arn,
        }),
        pendingWindowInDays: 30,
      });
      key.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
      key.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
      new kms.CfnAlias(this, `Alias-${name}`, { aliasName: alias, targetKeyId: key.ref });
      new CfnOutput(this, `KeyArn-${name}`, { value: key.attrArn, description: `KMS key of ${alias}` });
    }
  }
}
