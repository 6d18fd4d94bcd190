import { describe, expect, it } from 'vitest';
import {
  evaluate,
  PolicyInputError,
  renderRecorderPermissions,
  renderRecordingBucketPolicy,
  renderRecordingReaderPermissions,
  type PolicyDocument,
  type RequestContext,
} from '../index.ts';

const accountId = '999988887777';
const bucketArn = 'arn:aws:s3:::jit-recordings';
const recording = `${bucketArn}/recordings/0a1b2c3d-0000-4000-8000-0123456789ab.cast.age`;
const onlyFirst = { 's3:if-none-match': '*' };

function may(
  policy: PolicyDocument,
  action: string,
  resource: string,
  context: RequestContext = {},
): boolean {
  const arn = `arn:aws:sts::${accountId}:assumed-role/Role/session`;
  return (
    evaluate({
      principal: { arn, accountId, userId: 'AROAEXAMPLEID:session' },
      identityPolicies: [policy],
      request: { action, resource, context },
    }).decision === 'allow'
  );
}

describe('the role of the recorder', () => {
  const policy = renderRecorderPermissions({ bucketArn });
  it('puts a recording where none lies', () => {
    expect(may(policy, 's3:PutObject', recording, onlyFirst)).toBe(true);
  });
  it.each<[string, string, string, RequestContext?]>([
    ['put one whatever lies there', 's3:PutObject', recording],
    ['put elsewhere in the bucket', 's3:PutObject', `${bucketArn}/other/x`, onlyFirst],
    ['put into another bucket', 's3:PutObject', 'arn:aws:s3:::jit-recordings-2/recordings/x', onlyFirst],
    ['read', 's3:GetObject', recording],
    ['list', 's3:ListBucket', bucketArn],
    ['remove', 's3:DeleteObject', recording],
    ['remove a version', 's3:DeleteObjectVersion', recording],
    ['change how long one is kept', 's3:PutObjectRetention', recording],
    ['pass a lock by', 's3:BypassGovernanceRetention', recording],
    ['change the lock of the bucket', 's3:PutBucketObjectLockConfiguration', bucketArn],
  ])('may not %s', (_, action, resource, context) => {
    expect(may(policy, action, resource, context)).toBe(false);
  });
});

describe('the role of the reader', () => {
  const policy = renderRecordingReaderPermissions({ bucketArn });
  it('reads recordings, sees which there are and whether the bucket is locked', () => {
    expect(may(policy, 's3:GetObject', recording)).toBe(true);
    expect(may(policy, 's3:ListBucket', bucketArn)).toBe(true);
    expect(may(policy, 's3:GetBucketObjectLockConfiguration', bucketArn)).toBe(true);
  });
  it.each([
    ['put', 's3:PutObject', recording],
    ['remove', 's3:DeleteObject', recording],
    ['read elsewhere', 's3:GetObject', `${bucketArn}/other/x`],
    ['list another bucket', 's3:ListBucket', 'arn:aws:s3:::jit-recordings-2'],
  ])('may not %s', (_, action, resource) => {
    expect(may(policy, action, resource, onlyFirst)).toBe(false);
  });
});

it('the policy of the bucket is rendered from an ARN alone', () => {
  const roleArn = `arn:aws:iam::${accountId}:role/jit/JitHubRecorder`;
  const render = (arn: string) =>
    renderRecordingBucketPolicy({ bucketArn: arn, recorderRoleArn: roleArn, readerRoleArn: roleArn });
  expect(() => render('arn:aws:s3:::*')).toThrow(PolicyInputError);
  expect(() => render(`${bucketArn}/*`)).toThrow(PolicyInputError);
});
