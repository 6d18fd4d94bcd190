import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { region, type Keys, type RunningSandbox } from './running-sandbox.ts';
import type { DataKeys } from './small-shell.ts';

/** Calls an operation of KMS, signed. Rejects with the name and the message of the refusal. */
export async function callKms(
  cloud: RunningSandbox,
  credentials: Keys,
  operation: string,
  input: object,
): Promise<Record<string, string>> {
  const url = new URL(cloud.sandbox.endpoint);
  const body = JSON.stringify(input);
  const signer = new SignatureV4({ service: 'kms', region, sha256: Sha256, credentials });
  const signed = await signer.sign(
    new HttpRequest({
      method: 'POST',
      path: '/',
      headers: {
        host: url.host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `TrentService.${operation}`,
      },
      body,
    }),
  );
  const { host: _, ...headers } = signed.headers;
  const answer = await fetch(url, { method: 'POST', headers, body });
  const members = (await answer.json()) as Record<string, string>;
  if (!answer.ok) throw new Error(`${members['__type']}: ${members['message']}`);
  return members;
}

/** Data keys of the sandbox's KMS; `changed` replaces members of the encryption context. */
export function dataKeysOf(
  cloud: RunningSandbox,
  credentials: Keys,
  changed: Readonly<Record<string, string>> = {},
): DataKeys {
  return async ({ keyId, context }) => {
    const { Plaintext, CiphertextBlob } = await callKms(cloud, credentials, 'GenerateDataKey', {
      KeyId: keyId,
      NumberOfBytes: 64,
      EncryptionContext: { ...context, ...changed },
    });
    return {
      plaintext: Buffer.from(Plaintext!, 'base64'),
      ciphertext: Buffer.from(CiphertextBlob!, 'base64'),
    };
  };
}
