import { describe, expect, it } from 'vitest';
import {
  evaluate,
  PolicyInputError,
  renderSignerPermissions,
  renderSigningKeyPolicy,
  type RequestContext,
} from '../index.ts';

const accountId = '999988887777';
const region = 'eu-west-1';
const key = (id = '1', at = region, of = accountId) =>
  `arn:aws:kms:${at}:${of}:key/${id.repeat(8)}-2222-3333-4444-555555555555`;
const ours = 'alias/sallyport-signing-first';
const permissions = renderSignerPermissions({
  accountId,
  region,
  aliases: [ours, 'alias/sallyport-signing-second'],
});
const right = {
  'kms:ResourceAliases': [ours],
  'kms:SigningAlgorithm': 'ED25519_SHA_512',
  'kms:MessageType': 'RAW',
};

function may(action: string, resource: string, context: RequestContext): boolean {
  const arn = `arn:aws:sts::${accountId}:assumed-role/JitHubSigner/signer`;
  return (
    evaluate({
      principal: { arn, accountId, userId: 'AROAEXAMPLEID:signer' },
      identityPolicies: [permissions],
      request: { action, resource, context },
    }).decision === 'allow'
  );
}

describe('the role of the signer', () => {
  it('signs by Ed25519 over the message itself with a key that has one of its aliases', () => {
    expect(may('kms:Sign', key(), right)).toBe(true);
    expect(may('kms:Sign', key('2'), { ...right, 'kms:ResourceAliases': ['alias/more', ours] })).toBe(true);
    expect(may('kms:GetPublicKey', key(), { 'kms:ResourceAliases': [ours] })).toBe(true);
  });

  it.each<[string, string, string, RequestContext]>([
    ['a key without an alias', 'kms:Sign', key(), { ...right, 'kms:ResourceAliases': [] }],
    [
      'a key of another alias',
      'kms:Sign',
      key(),
      { ...right, 'kms:ResourceAliases': ['alias/sallyport-signing-fir'] },
    ],
    [
      'an alias that only begins alike',
      'kms:Sign',
      key(),
      { ...right, 'kms:ResourceAliases': [`${ours}-old`] },
    ],
    ['another algorithm', 'kms:Sign', key(), { ...right, 'kms:SigningAlgorithm': 'ED25519_PH_SHA_512' }],
    ['a digest', 'kms:Sign', key(), { ...right, 'kms:MessageType': 'DIGEST' }],
    ['a key of another region', 'kms:Sign', key('1', 'eu-west-2'), right],
    ['a key of another account', 'kms:Sign', key('1', region, '111122223333'), right],
    ['encryption', 'kms:Encrypt', key(), right],
    ['decryption', 'kms:Decrypt', key(), right],
    ['a data key', 'kms:GenerateDataKey', key(), right],
    ['moving an alias', 'kms:UpdateAlias', key(), right],
    ['a new key policy', 'kms:PutKeyPolicy', key(), right],
    [
      'the public half of a foreign key',
      'kms:GetPublicKey',
      key(),
      { 'kms:ResourceAliases': ['alias/more'] },
    ],
    ['a role of a spoke', 'sts:AssumeRole', 'arn:aws:iam::111122223333:role/jit/JitConnect', {}],
  ])('gets nothing for %s', (_, action, resource, context) => {
    expect(may(action, resource, context)).toBe(false);
  });

  it('is rendered for aliases of ours alone', () => {
    const wrong = { accountId, region, aliases: ['alias/sallyport-signing-*'] };
    expect(() => renderSignerPermissions(wrong)).toThrow(PolicyInputError);
    expect(() => renderSignerPermissions({ ...wrong, aliases: [] })).toThrow(PolicyInputError);
  });
});

it('the policy of a key lets administrators administer and the signer alone sign', () => {
  const signerRoleArn = `arn:aws:iam::${accountId}:role/jit/JitHubSigner`;
  const { Statement } = renderSigningKeyPolicy({ accountId, signerRoleArn });
  const signing = Statement.filter(({ Action }) =>
    [Action].flat().some((action) => /Sign$|\*/.test(action ?? '')),
  );
  expect(signing.map(({ Principal }) => Principal)).toEqual([{ AWS: signerRoleArn }]);
  expect(Statement.every(({ Principal }) => Principal !== '*')).toBe(true);
});
