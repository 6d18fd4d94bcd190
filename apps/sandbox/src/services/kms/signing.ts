import { tokenSigning } from '@sallyport/iam-policy';
import { z } from 'zod';
import type { Authoriser, Context } from '../../authorise/authoriser.ts';
import type { AliasedKey } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import type { Call, Operation } from '../operation.ts';
import { readInput } from '../ssm/read-input.ts';
import type { SigningRing } from './signing-ring.ts';

/** KMS (documented): longest key id, and 4,096 bytes of message, in base64. */
const keyId = z.string().min(1).max(2048);
const signForm = z.object({
  KeyId: keyId,
  Message: z.base64().min(1),
  MessageType: z.enum(['RAW', 'DIGEST', 'EXTERNAL_MU']).default('RAW'),
  SigningAlgorithm: z.enum([
    'RSASSA_PSS_SHA_256',
    'RSASSA_PSS_SHA_384',
    'RSASSA_PSS_SHA_512',
    'RSASSA_PKCS1_V1_5_SHA_256',
    'RSASSA_PKCS1_V1_5_SHA_384',
    'RSASSA_PKCS1_V1_5_SHA_512',
    'ECDSA_SHA_256',
    'ECDSA_SHA_384',
    'ECDSA_SHA_512',
    'SM2DSA',
    'ML_DSA_SHAKE_256',
    'ED25519_SHA_512',
    'ED25519_PH_SHA_512',
  ]),
});
const publicForm = z.object({ KeyId: keyId });

/** What a key of its spec offers (documented). */
const algorithms = ['ED25519_SHA_512', 'ED25519_PH_SHA_512'];

/** The key, once IAM admits the caller to it. A key that does not exist is not told from one that may not be used. */
function admitted(
  parts: { authoriser: Authoriser; keys: SigningRing },
  call: Call,
  action: string,
  asked: { id: string; context?: Context },
): AliasedKey {
  const { account } = call.caller;
  const key = parts.keys.find(asked.id, account, call.region);
  const named = asked.id.startsWith('arn:')
    ? asked.id
    : `arn:aws:kms:${call.region}:${account}:key/${asked.id}`;
  parts.authoriser.require(call, action, key?.arn ?? named, {
    ...asked.context,
    ...(key === undefined ? {} : { 'kms:ResourceAliases': [key.alias] }),
    ...(asked.id.includes('alias/') ? { 'kms:RequestAlias': asked.id.replace(/^.*(?=alias\/)/, '') } : {}),
  });
  return key ?? parts.keys.refuse(asked.id, account, call.region);
}

/** Sign: Ed25519 over the message itself. */
export function sign(authoriser: Authoriser, keys: SigningRing): Operation {
  return {
    name: 'Sign',
    readOnly: true,
    describe: ({ KeyId: id, MessageType: messageType, SigningAlgorithm: signingAlgorithm }) => ({
      keyId: id,
      messageType,
      signingAlgorithm,
    }),
    async run(raw, call) {
      const { KeyId: id, ...input } = readInput(signForm, raw);
      const context = {
        'kms:SigningAlgorithm': input.SigningAlgorithm,
        'kms:MessageType': input.MessageType,
      };
      const key = admitted({ authoriser, keys }, call, 'kms:Sign', { id, context });
      const message = Buffer.from(input.Message, 'base64');
      if (message.length > tokenSigning.messageBytesMax)
        throw AwsError.common('validation', 'Member must have length less than or equal to 4096 at message.');
      if (!algorithms.includes(input.SigningAlgorithm))
        throw AwsError.own(
          'InvalidKeyUsageException',
          `Algorithm ${input.SigningAlgorithm} is incompatible with key spec ${tokenSigning.keySpec}.`,
        );
      const digest = input.SigningAlgorithm === 'ED25519_PH_SHA_512';
      if (input.MessageType !== (digest ? 'DIGEST' : 'RAW'))
        throw AwsError.common(
          'validation',
          `Message type ${input.MessageType} does not go with ${input.SigningAlgorithm}.`,
        );
      if (digest)
        throw AwsError.own('UnsupportedOperationException', 'The sandbox signs by ED25519_SHA_512 alone.');
      return {
        result: {
          KeyId: key.arn,
          Signature: keys.sign(key, message).toString('base64'),
          SigningAlgorithm: input.SigningAlgorithm,
        },
        trail: null,
      };
    },
  };
}

/** GetPublicKey: the key as SubjectPublicKeyInfo. */
export function getPublicKey(authoriser: Authoriser, keys: SigningRing): Operation {
  return {
    name: 'GetPublicKey',
    readOnly: true,
    describe: ({ KeyId: id }) => ({ keyId: id }),
    async run(raw, call) {
      const { KeyId: id } = readInput(publicForm, raw);
      const key = admitted({ authoriser, keys }, call, 'kms:GetPublicKey', { id });
      return {
        result: {
          KeyId: key.arn,
          PublicKey: keys.publicKey(key).toString('base64'),
          KeySpec: tokenSigning.keySpec,
          CustomerMasterKeySpec: tokenSigning.keySpec,
          KeyUsage: 'SIGN_VERIFY',
          SigningAlgorithms: algorithms,
        },
        trail: null,
      };
    },
  };
}
