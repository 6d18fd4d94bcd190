import { z } from 'zod';
import type { Authoriser, Context } from '../../authorise/authoriser.ts';
import { AwsError } from '../aws-error.ts';
import { operations, type Call, type Operation, type Service } from '../operation.ts';
import { readInput } from '../ssm/read-input.ts';
import type { EncryptionContext, KeyRing } from './key-ring.ts';
import { getPublicKey, sign } from './signing.ts';
import type { SigningRing } from './signing-ring.ts';

/** KMS (documented): longest key id, data key and ciphertext. */
const keyId = z.string().min(1).max(2048);
const context = z.record(z.string().min(1), z.string().max(8192)).default({});
const generateForm = z
  .object({
    KeyId: keyId,
    NumberOfBytes: z.int().min(1).max(1024).optional(),
    KeySpec: z.enum(['AES_256', 'AES_128']).optional(),
    EncryptionContext: context,
  })
  .refine(
    ({ NumberOfBytes: bytes, KeySpec: spec }) => (bytes === undefined) !== (spec === undefined),
    'Please specify either number of bytes or key spec.',
  );
const decryptForm = z.object({
  CiphertextBlob: z.base64().max(8192),
  KeyId: keyId.optional(),
  EncryptionContext: context,
});

/** What IAM may ask about an encryption context. */
function contextOf(pairs: EncryptionContext): Context {
  const names = Object.keys(pairs);
  return {
    ...Object.fromEntries(names.map((name) => [`kms:EncryptionContext:${name}`, pairs[name] ?? ''])),
    ...(names.length === 0 ? {} : { 'kms:EncryptionContextKeys': names }),
  };
}

/** `requestParameters` as CloudTrail writes them: never a key. */
function describe(input: Readonly<Record<string, unknown>>): object {
  const { KeyId: id, NumberOfBytes: numberOfBytes, EncryptionContext: encryptionContext } = input;
  return { keyId: id, numberOfBytes, encryptionContext };
}

function generateDataKey(authoriser: Authoriser, keys: KeyRing): Operation {
  return {
    name: 'GenerateDataKey',
    readOnly: true,
    describe,
    async run(raw, call: Call) {
      const input = readInput(generateForm, raw);
      const named = input.KeyId.startsWith('arn:')
        ? input.KeyId
        : `arn:aws:kms:${call.region}:${call.caller.account}:key/${input.KeyId}`;
      authoriser.require(call, 'kms:GenerateDataKey', named, contextOf(input.EncryptionContext));
      const arn = keys.find(input.KeyId, call.caller.account, call.region);
      const length = input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32);
      const { plaintext, ciphertext } = keys.generate(arn, length, input.EncryptionContext);
      return {
        result: {
          CiphertextBlob: ciphertext.toString('base64'),
          Plaintext: Buffer.from(plaintext).toString('base64'),
          KeyId: arn,
        },
        trail: null,
      };
    },
  };
}

function decrypt(authoriser: Authoriser, keys: KeyRing): Operation {
  return {
    name: 'Decrypt',
    readOnly: true,
    describe,
    async run(raw, call) {
      const input = readInput(decryptForm, raw);
      const ciphertext = Buffer.from(input.CiphertextBlob, 'base64');
      const arn = keys.keyOfCiphertext(ciphertext);
      if (arn === undefined) throw invalidCiphertext();
      authoriser.require(call, 'kms:Decrypt', arn, contextOf(input.EncryptionContext));
      if (input.KeyId !== undefined && keys.find(input.KeyId, call.caller.account, call.region) !== arn)
        throw AwsError.own('IncorrectKeyException', 'The key ID in the request is another one.');
      const plaintext = keys.decrypt(ciphertext, input.EncryptionContext);
      if (plaintext === undefined) throw invalidCiphertext();
      return {
        result: {
          Plaintext: Buffer.from(plaintext).toString('base64'),
          KeyId: arn,
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        },
        trail: null,
      };
    },
  };
}

function invalidCiphertext(): AwsError {
  return AwsError.own(
    'InvalidCiphertextException',
    'The ciphertext does not belong to this encryption context.',
  );
}

/** KMS: GenerateDataKey, Decrypt, Sign and GetPublicKey. Key policies leave the choice to IAM, as the session keys of a deployment do. */
export function kmsService(authoriser: Authoriser, keys: KeyRing, signing: SigningRing): Service {
  return {
    signingName: 'kms',
    eventSource: 'kms.amazonaws.com',
    operations: operations(
      generateDataKey(authoriser, keys),
      decrypt(authoriser, keys),
      sign(authoriser, signing),
      getPublicKey(authoriser, signing),
    ),
  };
}
