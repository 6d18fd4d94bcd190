import { timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { limits } from '../limits.ts';
import { AwsError } from '../services/aws-error.ts';

/** A request as it came over the wire, before anybody is believed. */
export interface SignedRequest {
  readonly method: string;
  /** Path as sent, percent-encoding kept. */
  readonly path: string;
  /** Decoded query parameters in order. */
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /**
   * S3: SHA-256 (hex) that the caller declared of a body that is read later; whoever reads it compares. `body` is empty then.
   */
  readonly bodySha256?: string;
}

/** What a signature says about itself. Nothing in it is true until {@link verifySignature} has agreed. */
export interface Claim {
  readonly form: 'header' | 'presigned';
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly signedAt: number;
  readonly sessionToken?: string;
  /** Presigned form: life in seconds. */
  readonly expiresSeconds?: number;
}

const algorithm = 'AWS4-HMAC-SHA256';
const wrongSignature =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** Reads the claim from header or query; undefined when the request carries no signature at all. */
export function readClaim(request: SignedRequest): Claim | undefined {
  const header = request.headers['authorization'];
  if (header !== undefined) return headerClaim(header, request);
  if (request.query.has('X-Amz-Signature') || request.query.has('X-Amz-Algorithm'))
    return queryClaim(request);
  return undefined;
}

function headerClaim(header: string, request: SignedRequest): Claim {
  if (!header.startsWith(`${algorithm} `)) throw incomplete('Authorization header needs AWS4-HMAC-SHA256.');
  const parts = new Map(
    header
      .slice(algorithm.length)
      .split(',')
      .map((part) => part.trim())
      .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const date = request.headers['x-amz-date'];
  if (date === undefined)
    throw incomplete("Authorization header requires existence of an 'X-Amz-Date' header.");
  const token = request.headers['x-amz-security-token'];
  return {
    form: 'header',
    ...scopeOf(parts.get('Credential'), date),
    signedHeaders: headersOf(parts.get('SignedHeaders')),
    signature: parts.get('Signature') ?? '',
    date,
    signedAt: instantOf(date),
    ...(token === undefined ? {} : { sessionToken: token }),
  };
}

function queryClaim({ query }: SignedRequest): Claim {
  if (query.get('X-Amz-Algorithm') !== algorithm)
    throw incomplete('X-Amz-Algorithm must be AWS4-HMAC-SHA256.');
  const date = query.get('X-Amz-Date') ?? '';
  const expires = query.get('X-Amz-Expires') ?? '';
  const seconds = Number(expires);
  if (!/^\d{1,6}$/.test(expires) || seconds > limits.presignedSecondsMax)
    throw incomplete('X-Amz-Expires must be a number of seconds, at most a week.');
  const token = query.get('X-Amz-Security-Token');
  return {
    form: 'presigned',
    ...scopeOf(query.get('X-Amz-Credential') ?? undefined, date),
    signedHeaders: headersOf(query.get('X-Amz-SignedHeaders') ?? undefined),
    signature: query.get('X-Amz-Signature') ?? '',
    date,
    signedAt: instantOf(date),
    expiresSeconds: seconds,
    ...(token === null ? {} : { sessionToken: token }),
  };
}

type Scope = Pick<Claim, 'accessKeyId' | 'region' | 'service'>;

function scopeOf(credential: string | undefined, date: string): Scope {
  const [accessKeyId, day, region, service, end, ...rest] = (credential ?? '').split('/');
  if (!accessKeyId || !day || !region || !service || end !== 'aws4_request' || rest.length > 0)
    throw incomplete('Credential must be KEY/DATE/REGION/SERVICE/aws4_request.');
  if (!date.startsWith(`${day}T`))
    throw AwsError.common(
      'bad-signature',
      `Date in Credential scope does not match YYYYMMDD from ${date.slice(0, 20)}`,
    );
  return { accessKeyId, region, service };
}

function headersOf(list: string | undefined): string[] {
  const names = (list ?? '').split(';').filter(Boolean);
  // Host is what stops a signature made for one endpoint from being used at another.
  if (!names.includes('host')) throw incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  return names;
}

function instantOf(date: string): number {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!m) throw incomplete('Date must be in ISO-8601 basic format.');
  const [, year, month, day, hour, minute, second] = m.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

function incomplete(message: string): AwsError {
  return AwsError.common('incomplete-signature', message);
}

/**
 * Recomputes the signature with the secret and checks its time.
 *
 * @param now wall time, Unix milliseconds.
 * @throws AwsError `bad-signature` or `signature-expired`.
 */
export async function verifySignature(
  claim: Claim,
  secretAccessKey: string,
  request: SignedRequest,
  now: number,
): Promise<void> {
  const expected =
    claim.form === 'header'
      ? await signedHeader(claim, secretAccessKey, request)
      : await presigned(claim, secretAccessKey, request);
  if (!sameText(expected, claim.signature)) throw AwsError.common('bad-signature', wrongSignature);
  checkTime(claim, now);
}

function checkTime(claim: Claim, now: number): void {
  const late = claim.form === 'presigned' ? (claim.expiresSeconds ?? 0) * 1000 : limits.clockSkewMs;
  const stamp = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  if (now > claim.signedAt + late)
    throw AwsError.common(
      'signature-expired',
      `Signature expired: ${claim.date} is now earlier than ${stamp(now - late)} (${stamp(now)} - ${late / 60_000} min.)`,
    );
  if (claim.signedAt > now + limits.clockSkewMs)
    throw AwsError.common(
      'signature-expired',
      `Signature not yet current: ${claim.date} is still later than ${stamp(now + limits.clockSkewMs)} (${stamp(now)} + 5 min.)`,
    );
}

function signer(claim: Claim, secretAccessKey: string, withToken: boolean): SignatureV4 {
  return new SignatureV4({
    service: claim.service,
    region: claim.region,
    sha256: Sha256,
    applyChecksum: false,
    // Paths of S3 are signed as they are sent, those of all other services encoded once more.
    uriEscapePath: claim.service !== 's3',
    credentials: {
      accessKeyId: claim.accessKeyId,
      secretAccessKey,
      ...(withToken && claim.sessionToken !== undefined ? { sessionToken: claim.sessionToken } : {}),
    },
  });
}

/** Only what the caller says was signed takes part; a header named but absent is an empty one. */
function requestToSign(
  claim: Claim,
  request: SignedRequest,
  leaveOut: (name: string) => boolean,
): HttpRequest {
  const query: Record<string, string[]> = {};
  for (const [name, value] of request.query) if (!leaveOut(name)) (query[name] ??= []).push(value);
  return new HttpRequest({
    method: request.method,
    path: request.path,
    query,
    headers: Object.fromEntries(claim.signedHeaders.map((name) => [name, request.headers[name] ?? ''])),
    body: request.body,
  });
}

async function signedHeader(claim: Claim, secret: string, request: SignedRequest): Promise<string> {
  const toSign = requestToSign(claim, request, () => false);
  // A declared payload hash is believed by the signer, so it must be the payload's.
  delete toSign.headers['x-amz-content-sha256'];
  const declared = request.headers['x-amz-content-sha256'];
  const actual = request.bodySha256 ?? (await sha256Of(request.body));
  if (declared !== undefined && declared !== actual) throw AwsError.common('bad-signature', wrongSignature);
  if (claim.signedHeaders.includes('x-amz-content-sha256'))
    toSign.headers['x-amz-content-sha256'] = declared ?? '';
  const signed = await signer(claim, secret, claim.signedHeaders.includes('x-amz-security-token')).sign(
    toSign,
    {
      signingDate: new Date(claim.signedAt),
      signableHeaders: new Set(claim.signedHeaders),
    },
  );
  return /Signature=([0-9a-f]+)$/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '';
}

async function sha256Of(body: Uint8Array): Promise<string> {
  const hash = new Sha256();
  hash.update(body);
  return Buffer.from(await hash.digest()).toString('hex');
}

async function presigned(claim: Claim, secret: string, request: SignedRequest): Promise<string> {
  const toSign = requestToSign(claim, request, (name) => name.startsWith('X-Amz-'));
  const signed = await signer(claim, secret, true).presign(toSign, {
    signingDate: new Date(claim.signedAt),
    expiresIn: claim.expiresSeconds ?? 0,
    signableHeaders: new Set(claim.signedHeaders),
    unhoistableHeaders: new Set(claim.signedHeaders),
  });
  const signature = signed.query?.['X-Amz-Signature'];
  return typeof signature === 'string' ? signature : '';
}

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
