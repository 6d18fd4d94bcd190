import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { signUpgrade } from './index.ts';

const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'token/with+signs=',
  expiration: '2026-01-01T01:00:00.000Z',
};
const lease = { region: 'eu-west-1', credentials };
const now = new Date('2026-01-01T00:00:00.000Z');
const url = new URL(
  'wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/jit-grt_1-0a?role=publish_subscribe&cell-number=AA%2BB%3D',
);

/** SigV4 by hand, after the steps of the AWS General Reference. */
function signatureByHand(): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    'GET',
    '/v1/data-channel/jit-grt_1-0a',
    'cell-number=AA%2BB%3D&role=publish_subscribe',
    'host:ssmmessages.eu-west-1.amazonaws.com',
    'x-amz-date:20260101T000000Z',
    `x-amz-security-token:${credentials.sessionToken}`,
    '',
    'host;x-amz-date;x-amz-security-token',
    sha256(''),
  ].join('\n');
  const scope = '20260101/eu-west-1/ssmmessages/aws4_request';
  const key = ['20260101', 'eu-west-1', 'ssmmessages', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  return hmac(key, ['AWS4-HMAC-SHA256', '20260101T000000Z', scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
}

it('signs the upgrade as a GET of service ssmmessages over host, date and token', async () => {
  const headers = await signUpgrade(url, lease, now);
  expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token');
  expect(headers['authorization']).toContain(`Signature=${signatureByHand()}`);
});

it('leaves a presigned URL as it is', async () => {
  expect(await signUpgrade(new URL(`${url.href}&X-Amz-Signature=abc`), lease, now)).toEqual({});
});
