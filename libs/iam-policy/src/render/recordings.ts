import { checked } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

/** Where recordings lie in their bucket. */
export const recordingKeyPrefix = 'recordings/';

export interface RecordingBucketInput {
  /** `arn:aws:s3:::BUCKET`. */
  readonly bucketArn: string;
}

/**
 * Permissions of the recorder's role: it puts new recordings and does nothing else. It cannot read, list or remove one,
 * nor put one over another: S3 asks for `If-None-Match`, and refuses then where something lies.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export function renderRecorderPermissions(input: RecordingBucketInput): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'PutNewRecordings',
        Effect: 'Allow',
        Action: 's3:PutObject',
        Resource: objectsOf(input),
        Condition: { Null: { 's3:if-none-match': 'false' } },
      },
      {
        Sid: 'NothingElse',
        Effect: 'Deny',
        NotAction: ['s3:PutObject', 'sts:GetCallerIdentity'],
        Resource: '*',
      },
    ],
  };
}

/**
 * Permissions of the reader's role: recordings, for auditors, and whether the bucket is locked. It lists as well, since
 * S3 tells what is not there only to who may list.
 */
export function renderRecordingReaderPermissions(input: RecordingBucketInput): PolicyDocument {
  const bucket = checked('bucketArn', input.bucketArn);
  const actions = ['s3:GetObject', 's3:ListBucket', 's3:GetBucketObjectLockConfiguration'];
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'ReadRecordings', Effect: 'Allow', Action: 's3:GetObject', Resource: objectsOf(input) },
      {
        Sid: 'SeeWhatIsThere',
        Effect: 'Allow',
        Action: ['s3:ListBucket', 's3:GetBucketObjectLockConfiguration'],
        Resource: bucket,
      },
      {
        Sid: 'NothingElse',
        Effect: 'Deny',
        NotAction: [...actions, 'sts:GetCallerIdentity'],
        Resource: '*',
      },
    ],
  };
}

export interface RecordingBucketPolicyInput extends RecordingBucketInput {
  readonly recorderRoleArn: string;
  readonly readerRoleArn: string;
}

/**
 * The policy of the bucket itself, which binds the account's administrators too: TLS alone, one role writes and never
 * over another object, one role reads, nobody removes. What object lock keeps not even the account's owner can remove.
 */
export function renderRecordingBucketPolicy(input: RecordingBucketPolicyInput): PolicyDocument {
  const bucket = checked('bucketArn', input.bucketArn);
  const objects = `${bucket}/*`;
  const others = (roleArn: string) => ({ ArnNotEquals: { 'aws:PrincipalArn': checked('roleArn', roleArn) } });
  const denied = { Effect: 'Deny', Principal: '*' } as const;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Sid: 'TlsAlone', ...denied, Action: 's3:*', Resource: [bucket, objects] },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        ...{ Sid: 'OneWrites', ...denied, Action: 's3:PutObject', Resource: objects },
        Condition: others(input.recorderRoleArn),
      },
      {
        ...{ Sid: 'NeverOverAnother', ...denied, Action: 's3:PutObject', Resource: objects },
        Condition: { Null: { 's3:if-none-match': 'true' } },
      },
      {
        ...{ Sid: 'OneReads', ...denied, Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: objects },
        Condition: others(input.readerRoleArn),
      },
      {
        ...{ Sid: 'NobodyRemoves', ...denied, Resource: objects },
        Action: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
      },
    ],
  };
}

function objectsOf({ bucketArn }: RecordingBucketInput): string {
  return `${checked('bucketArn', bucketArn)}/${recordingKeyPrefix}*`;
}
