import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import { readClaim, verifySignature, type SignedRequest } from './signature.ts';

const at = Date.UTC(2026, 10, 22, 12, 0, 0);
const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };
const body = Buffer.from('{"Target":"i-0"}');

/** A request as an SDK signs it. */
async function aRequest(change: Partial<HttpRequest> = {}): Promise<SignedRequest> {
  const signer = new SignatureV4({ service: 'ssm', region: 'eu-west-1', sha256: Sha256, credentials: keys });
  const request = new HttpRequest({
    method: 'POST',
    path: '/a b/%2F',
    query: { b: '2', a: ['y', 'x z'] },
    headers: { host: '127.0.0.1:1', 'x-amz-target': 'AmazonSSM.StartSession' },
    body,
    ...change,
  });
  const signed = await signer.sign(request, { signingDate: new Date(at) });
  return {
    method: signed.method,
    path: signed.path,
    query: new URLSearchParams('b=2&a=y&a=x%20z'),
    headers: Object.fromEntries(Object.entries(signed.headers).map(([k, v]) => [k.toLowerCase(), v])),
    body,
  };
}

async function verdict(request: SignedRequest, now = at, secret = keys.secretAccessKey): Promise<string> {
  try {
    const claim = readClaim(request);
    if (claim === undefined) return 'unsigned';
    await verifySignature(claim, secret, request, now);
    return 'good';
  } catch (error) {
    return (error as { failure: string }).failure;
  }
}

describe('a SigV4 signature', () => {
  it('is good for the request it was made for, within five minutes either way', async () => {
    const request = await aRequest();
    expect(await verdict(request)).toBe('good');
    expect(await verdict(request, at + 300_000)).toBe('good');
    expect(await verdict(request, at - 300_000)).toBe('good');
    expect(await verdict(request, at + 301_000)).toBe('signature-expired');
    expect(await verdict(request, at - 301_000)).toBe('signature-expired');
  });

  const changes: [string, (request: SignedRequest) => SignedRequest][] = [
    ['the method', (r) => ({ ...r, method: 'GET' })],
    ['the path', (r) => ({ ...r, path: '/other' })],
    ['the query', (r) => ({ ...r, query: new URLSearchParams('a=1') })],
    [
      'a signed header',
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-target': 'AmazonSSM.TerminateSession' } }),
    ],
    ['the host', (r) => ({ ...r, headers: { ...r.headers, host: 'elsewhere' } })],
    ['the body', (r) => ({ ...r, body: Buffer.from('{}') })],
    ['the date', (r) => ({ ...r, headers: { ...r.headers, 'x-amz-date': '20261122T120001Z' } })],
    [
      'the declared payload hash',
      (r) => ({ ...r, headers: { ...r.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }),
    ],
    [
      'the region of its scope',
      (r) => ({
        ...r,
        headers: {
          ...r.headers,
          authorization: r.headers['authorization']!.replace('eu-west-1', 'eu-west-2'),
        },
      }),
    ],
    [
      'the day of its scope',
      (r) => ({
        ...r,
        headers: {
          ...r.headers,
          authorization: r.headers['authorization']!.replace('/20261122/', '/20261121/'),
        },
      }),
    ],
  ];
  it.each(changes)('is bad once %s is changed', async (_what, change) => {
    expect(await verdict(change(await aRequest()))).toBe('bad-signature');
  });

  it('is bad with another secret', async () => {
    expect(await verdict(await aRequest(), at, 'other')).toBe('bad-signature');
  });

  it.each([
    [
      'another algorithm',
      'AWS4-HMAC-MD5 Credential=A/20261122/r/s/aws4_request, SignedHeaders=host, Signature=0',
    ],
    ['half a scope', 'AWS4-HMAC-SHA256 Credential=A/20261122/r, SignedHeaders=host, Signature=0'],
    [
      'an unsigned host',
      'AWS4-HMAC-SHA256 Credential=A/20261122/r/s/aws4_request, SignedHeaders=x-a, Signature=0',
    ],
    ['nothing in it', 'AWS4-HMAC-SHA256 '],
  ])('is incomplete with %s', async (_what, authorization) => {
    const request = await aRequest();
    expect(await verdict({ ...request, headers: { ...request.headers, authorization } })).toBe(
      'incomplete-signature',
    );
  });
});
