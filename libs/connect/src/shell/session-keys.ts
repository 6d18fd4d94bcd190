import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Problem } from '@sallyport/problems';
import type { Lease } from '../control-plane.ts';
import type { Endpoint, EndpointRules } from '../endpoint.ts';
import { partitionOf } from '../partition.ts';
import { agentThrough, proxiesOfEnvironment, type Proxies } from '../proxy.ts';

/** A data key of KMS for one session: its two forms. The plain one is secret. */
export interface SessionKey {
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** The one call to KMS that an encrypted session needs. */
export interface SessionKeys {
  /** Refuses with SESSION_KEY_DENIED, which names kms:GenerateDataKey, and with SSM_UNREACHABLE when KMS does not answer. */
  generate(
    lease: Lease,
    at: { readonly endpoint: Endpoint; readonly rules: EndpointRules; readonly now: Date },
    keyId: string,
    context: Readonly<Record<string, string>>,
  ): Promise<SessionKey>;
}

const keyBytes = 64;
const answerWithinMs = 10_000;
const answerBytesMax = 65_536;

/** Where KMS of a region is: AWS's own host, or beside a Session Manager that is not AWS. */
export function kmsEndpoint({ region, api, foreign }: Endpoint, rules: EndpointRules): URL {
  if (foreign) return new URL(api.href);
  const { classic, dualStack } = partitionOf(region);
  const service = rules.fips === true ? 'kms-fips' : 'kms';
  return new URL(`https://${service}.${region}.${rules.dualStack === true ? dualStack : classic}`);
}

/**
 * KMS by its wire, signed as the channels are: a client library of a megabyte for one call of two members would be loaded by every shell.
 */
export function sessionKeysThrough(proxies: Proxies): SessionKeys {
  return {
    async generate(lease, { endpoint, rules, now }, keyId, context) {
      const url = kmsEndpoint(endpoint, rules);
      const body = JSON.stringify({ KeyId: keyId, NumberOfBytes: keyBytes, EncryptionContext: context });
      const headers = await signed(url, lease, body, now);
      const { status, members } = await posted(proxies, url, headers, body);
      if (status !== 200) throw refusal(status, members);
      const plaintext = bytesOf(members['Plaintext']);
      const ciphertext = bytesOf(members['CiphertextBlob']);
      if (plaintext?.length !== keyBytes || ciphertext === undefined || ciphertext.length === 0)
        throw new Problem('SSM_UNREACHABLE', { detail: 'KMS answered without a data key.' });
      return { plaintext, ciphertext };
    },
  };
}

/** The same by the proxies of the environment: what the command line uses. */
export const awsSessionKeys: SessionKeys = sessionKeysThrough(proxiesOfEnvironment);

async function signed(
  url: URL,
  { region, credentials }: Pick<Lease, 'region' | 'credentials'>,
  body: string,
  now: Date,
): Promise<Readonly<Record<string, string>>> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({
    service: 'kms',
    region,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    sha256: Sha256,
  });
  const request = new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'TrentService.GenerateDataKey',
    },
    body,
  });
  return (await signer.sign(request, { signingDate: now })).headers;
}

interface Posted {
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;
}

async function posted(
  proxies: Proxies,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Posted> {
  const agent = await agentThrough(proxies, url);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const silent = (cause?: unknown) =>
    new Problem('SSM_UNREACHABLE', { detail: `KMS (${url.host}) does not answer.`, cause });
  return new Promise((resolve, reject) => {
    const call = send(
      url,
      { method: 'POST', headers: { ...headers }, agent, signal: AbortSignal.timeout(answerWithinMs) },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > answerBytesMax) call.destroy(silent());
        });
        response.on('error', (error) => reject(silent(error)));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, members: membersOf(Buffer.concat(chunks)) }),
        );
      },
    );
    call.on('error', (error) => reject(error instanceof Problem ? error : silent(error)));
    call.end(body);
  });
}

function membersOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // not an answer of KMS: judged by its status
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
}

const clockErrors = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);

function refusal(status: number, members: Readonly<Record<string, unknown>>): Problem {
  const type = typeof members['__type'] === 'string' ? members['__type'] : '';
  const name = /[A-Za-z]+$/u.exec(type)?.[0] ?? `HTTP ${status}`;
  const said = typeof members['message'] === 'string' ? members['message'] : '';
  if (clockErrors.has(name) || /signature expired|not yet current/iu.test(said))
    return new Problem('LOCAL_CLOCK_WRONG');
  if (status >= 500) return new Problem('SSM_UNREACHABLE', { detail: `KMS failed (${name}).` });
  if (name === 'ThrottlingException') return new Problem('SSM_THROTTLED');
  return new Problem('SESSION_KEY_DENIED', {
    detail: `KMS refused kms:GenerateDataKey for this session (${name}).`,
  });
}
