import { checked, checkedAll } from '../input.ts';
import type { ConditionBlock, PolicyDocument } from '../policy.ts';

/** How tokens are signed, and the only way: Ed25519 over the message itself, not over a digest of it. */
export const tokenSigning = {
  keySpec: 'ECC_NIST_EDWARDS25519',
  algorithm: 'ED25519_SHA_512',
  messageType: 'RAW',
  /** Bytes that KMS takes as one message. */
  messageBytesMax: 4096,
} as const;

const byThatWay: ConditionBlock = {
  StringEquals: {
    'kms:SigningAlgorithm': tokenSigning.algorithm,
    'kms:MessageType': tokenSigning.messageType,
  },
};

export interface SignerPermissionsInput {
  /** The hub's account, which holds the keys. */
  readonly accountId: string;
  readonly region: string;
  readonly partition?: string;
  /** Aliases of the keys, `alias/sallyport-signing-...`. */
  readonly aliases: readonly string[];
}

/** Permissions of the signer's role: it signs tokens with the keys of these aliases and reads their public halves. */
export function renderSignerPermissions(input: SignerPermissionsInput): PolicyDocument {
  const partition = checked('partition', input.partition ?? 'aws');
  const place = `${checked('region', input.region)}:${checked('accountId', input.accountId)}`;
  const keys = `arn:${partition}:kms:${place}:key/*`;
  const named: ConditionBlock = {
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': checkedAll('signingAlias', input.aliases) },
  };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SignTokens',
        Effect: 'Allow',
        Action: 'kms:Sign',
        Resource: keys,
        Condition: { ...named, ...byThatWay },
      },
      {
        Sid: 'ReadPublicKeys',
        Effect: 'Allow',
        Action: 'kms:GetPublicKey',
        Resource: keys,
        Condition: named,
      },
      {
        Sid: 'NothingElse',
        Effect: 'Deny',
        NotAction: ['kms:Sign', 'kms:GetPublicKey', 'sts:GetCallerIdentity'],
        Resource: '*',
      },
    ],
  };
}

/**
 * The policy of a signing key itself. The account's administrators administer it and cannot sign with it: no policy of
 * theirs can give `kms:Sign`, which the key gives to the signer's role alone.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export function renderSigningKeyPolicy(input: {
  readonly accountId: string;
  readonly partition?: string;
  readonly signerRoleArn: string;
}): PolicyDocument {
  const partition = checked('partition', input.partition ?? 'aws');
  const signer = { AWS: checked('roleArn', input.signerRoleArn) };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AdministerNotSign',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${checked('accountId', input.accountId)}:root` },
        Action: [
          'kms:CreateAlias',
          'kms:DeleteAlias',
          'kms:UpdateAlias',
          'kms:DescribeKey',
          'kms:EnableKey',
          'kms:DisableKey',
          'kms:GetKeyPolicy',
          'kms:GetPublicKey',
          'kms:ListResourceTags',
          'kms:PutKeyPolicy',
          'kms:ScheduleKeyDeletion',
          'kms:CancelKeyDeletion',
          'kms:TagResource',
          'kms:UntagResource',
          'kms:UpdateKeyDescription',
        ],
        Resource: '*',
      },
      {
        Sid: 'SignTokens',
        Effect: 'Allow',
        Principal: signer,
        Action: 'kms:Sign',
        Resource: '*',
        Condition: byThatWay,
      },
      {
        Sid: 'ReadPublicKey',
        Effect: 'Allow',
        Principal: signer,
        Action: 'kms:GetPublicKey',
        Resource: '*',
      },
    ],
  };
}
