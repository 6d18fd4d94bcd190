import { renderSignerPermissions, renderSigningKeyPolicy } from '@sallyport/iam-policy';
import { expect, it } from 'vitest';
import { propertiesOf, templatesOf } from './templates.ts';

const { hub, signing } = templatesOf();
const accountId = '999988887777';
const signerRoleArn = `arn:aws:iam::${accountId}:role/jit/JitHubSigner`;

it('the hub template gives the signer the rendered policy and nothing else', () => {
  const role = propertiesOf(hub, 'AWS::IAM::Role', 'JitHubSigner');
  expect(role['Policies']).toEqual([
    {
      PolicyName: 'permissions',
      PolicyDocument: renderSignerPermissions({
        accountId,
        region: 'eu-west-1',
        aliases: ['alias/sallyport-signing-first'],
      }),
    },
  ]);
  expect(role).not.toHaveProperty('ManagedPolicyArns');
});

it('the signing template makes each key of the catalogue for Ed25519, keeps it, and leads its alias to it', () => {
  expect(propertiesOf(signing, 'AWS::KMS::Key')).toMatchObject({
    KeySpec: 'ECC_NIST_EDWARDS25519',
    KeyUsage: 'SIGN_VERIFY',
    KeyPolicy: renderSigningKeyPolicy({ accountId, signerRoleArn }),
  });
  const [id] = Object.keys(signing.findResources('AWS::KMS::Key'));
  signing.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(propertiesOf(signing, 'AWS::KMS::Alias')).toEqual({
    AliasName: 'alias/sallyport-signing-first',
    TargetKeyId: { Ref: id },
  });
});
