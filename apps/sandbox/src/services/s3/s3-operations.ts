import type { Asking, Context } from '../../authorise/authoriser.ts';
import type { SignedRequest } from '../../authorise/signature.ts';
import type { Bucket } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import type { ObjectVersion } from './bucket-shelf.ts';
import { s3Document } from './s3-answers.ts';
import type { S3Parts } from './s3-door.ts';

/** What is asked of which object. */
export interface S3Operation {
  readonly name: string;
  readonly readOnly: boolean;
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
}

export interface S3Result {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A document, or the object that is sent. */
  readonly body?: string | ObjectVersion;
}

interface Asked {
  readonly call: Asking;
  readonly signed: SignedRequest;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Reads what is asked from the path, the method and the sub-resource. @throws AwsError `unknown-operation`. */
export function operationOf({ method, path, query }: SignedRequest): S3Operation {
  const [, bucket = '', rawKey = ''] = /^\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  let key: string;
  try {
    key = decodeURIComponent(rawKey);
  } catch {
    throw AwsError.own('InvalidURI', "Couldn't parse the specified URI.");
  }
  const sub = ['encryption', 'object-lock'].find((name) => query.has(name)) ?? '';
  const name = key === '' ? ofBucket[`${method} ${sub}`] : sub === '' ? ofObject[method] : undefined;
  if (bucket === '' || name === undefined)
    throw AwsError.common(
      'unknown-operation',
      'A header or query you provided requests what is not implemented.',
    );
  return { name, readOnly: method === 'GET' || method === 'HEAD', bucket, key };
}

const ofBucket: Readonly<Record<string, string>> = {
  'HEAD ': 'HeadBucket',
  'GET encryption': 'GetBucketEncryption',
  'GET object-lock': 'GetObjectLockConfiguration',
};
const ofObject: Readonly<Record<string, string>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

/** Authorises and does it. @throws AwsError for every refusal. */
export async function runOperation(parts: S3Parts, operation: S3Operation, asked: Asked): Promise<S3Result> {
  const bucket = bucketFor(parts, operation, asked.call);
  switch (operation.name) {
    case 'PutObject':
      return putObject(parts, bucket, operation.key, asked);
    case 'GetObject':
    case 'HeadObject':
      return readObject(parts, bucket, operation.key, asked);
    case 'DeleteObject':
      return deleteObject(parts, bucket, operation.key, asked);
    case 'GetBucketEncryption':
      return encryptionOf(parts, bucket, asked);
    case 'GetObjectLockConfiguration':
      return lockOf(parts, bucket, asked);
    default:
      parts.authoriser.require(asked.call, 's3:ListBucket', arnOf(bucket));
      return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } };
  }
}

function bucketFor({ world }: S3Parts, operation: S3Operation, call: Asking): Bucket {
  const bucket = world.buckets.get(operation.bucket);
  if (bucket === undefined) throw AwsError.own('NoSuchBucket', 'The specified bucket does not exist', 404);
  if (bucket.region !== call.region)
    throw AwsError.own(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${call.region}' is wrong; expecting '${bucket.region}'`,
    );
  // No bucket here lets another account in.
  if (bucket.account !== call.caller.account) throw AwsError.common('access-denied', 'Access Denied');
  return bucket;
}

async function putObject(
  { shelf, authoriser }: S3Parts,
  bucket: Bucket,
  key: string,
  { call, signed, body }: Asked,
): Promise<S3Result> {
  const { headers } = signed;
  const onlyFirst = headers['if-none-match'];
  const context: Context = onlyFirst === undefined ? {} : { 's3:if-none-match': onlyFirst };
  authoriser.require(call, 's3:PutObject', arnOf(bucket, key), context);
  if (onlyFirst !== undefined && onlyFirst !== '*')
    throw AwsError.common('unknown-operation', 'If-None-Match takes * alone.');
  const checksum = headers['x-amz-checksum-sha256'];
  if (bucket.lockDays !== undefined && checksum === undefined && headers['content-md5'] === undefined)
    throw AwsError.own(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  const bytes = Number(headers['content-length']);
  if (!Number.isInteger(bytes))
    throw AwsError.own('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
  const sha256 = signed.bodySha256 ?? '';
  const arrived = await shelf.arrive(body, { bytes, sha256, checksum });
  const version = shelf.put(bucket, key, arrived, onlyFirst === '*');
  return { status: 200, headers: headersOf(version, false) };
}

function readObject(
  { shelf, authoriser }: S3Parts,
  bucket: Bucket,
  key: string,
  { call, signed }: Asked,
): S3Result {
  const version = signed.query.get('versionId') ?? undefined;
  authoriser.require(
    call,
    version === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
    arnOf(bucket, key),
  );
  const found = version === undefined ? shelf.current(bucket, key) : shelf.version(bucket, key, version);
  if (found === undefined) {
    // Who may not list is not told what is not there.
    authoriser.require(call, 's3:ListBucket', arnOf(bucket));
    throw AwsError.own('NoSuchKey', 'The specified key does not exist.', 404);
  }
  return { status: 200, headers: headersOf(found, true), body: found };
}

function deleteObject(
  { shelf, authoriser }: S3Parts,
  bucket: Bucket,
  key: string,
  { call, signed }: Asked,
): S3Result {
  const version = signed.query.get('versionId') ?? undefined;
  authoriser.require(
    call,
    version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
    arnOf(bucket, key),
  );
  shelf.remove(bucket, key, version);
  return { status: 204, headers: {} };
}

function encryptionOf({ authoriser }: S3Parts, bucket: Bucket, { call }: Asked): S3Result {
  authoriser.require(call, 's3:GetEncryptionConfiguration', arnOf(bucket));
  if (!bucket.encrypted)
    throw AwsError.own(
      'ServerSideEncryptionConfigurationNotFoundError',
      'The server side encryption configuration was not found',
      404,
    );
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false };
  return document(s3Document('ServerSideEncryptionConfiguration', { Rule: rule }));
}

function lockOf({ authoriser }: S3Parts, bucket: Bucket, { call }: Asked): S3Result {
  authoriser.require(call, 's3:GetBucketObjectLockConfiguration', arnOf(bucket));
  if (bucket.lockDays === undefined)
    throw AwsError.own(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      404,
    );
  const retention = { Mode: 'COMPLIANCE', Days: bucket.lockDays };
  return document(
    s3Document('ObjectLockConfiguration', {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: retention },
    }),
  );
}

function document(body: string): S3Result {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

function headersOf(
  { bytes, sha256, version, at, retainUntil }: ObjectVersion,
  read: boolean,
): Record<string, string> {
  return {
    etag: `"${sha256.slice(0, 32)}"`,
    'x-amz-version-id': version,
    'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    ...(read
      ? {
          'content-length': String(bytes),
          'content-type': 'application/octet-stream',
          'last-modified': new Date(at).toUTCString(),
        }
      : {}),
    ...(read && retainUntil !== null
      ? {
          'x-amz-object-lock-mode': 'COMPLIANCE',
          'x-amz-object-lock-retain-until-date': new Date(retainUntil).toISOString(),
        }
      : {}),
  };
}

function arnOf({ name }: Bucket, key?: string): string {
  return `arn:aws:s3:::${name}${key === undefined ? '' : `/${key}`}`;
}
