import {
  renderRecorderPermissions,
  renderRecordingBucketPolicy,
  renderRecordingReaderPermissions,
} from '@sallyport/iam-policy';
import { expect, it } from 'vitest';
import { aCatalog, propertiesOf, roleRefOf, templateOf } from './templates.ts';

const bucketArn = 'arn:aws:s3:::jit-recordings';
const committed = aCatalog();
const catalog = {
  ...committed,
  hub: {
    ...committed.hub,
    recordings: {
      ...{ region: 'eu-west-1', bucket: 'jit-recordings', arn: bucketArn, days: 365 },
      roles: { recorder: roleRefOf('JitHubRecorder'), reader: roleRefOf('JitHubReader') },
    },
  },
};

it('the bucket of recordings is locked for the days of the catalogue, closed to the public, and stays', () => {
  const template = templateOf('SallyportRecordings', catalog);
  expect(propertiesOf(template, 'AWS::S3::Bucket')).toMatchObject({
    BucketName: 'jit-recordings',
    ObjectLockEnabled: true,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } },
    },
    VersioningConfiguration: { Status: 'Enabled' },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: 365 }] },
  });
  template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  const { PolicyDocument: policy } = propertiesOf(template, 'AWS::S3::BucketPolicy');
  expect(policy).toEqual(
    renderRecordingBucketPolicy({
      bucketArn,
      recorderRoleArn: catalog.hub.recordings.roles.recorder.arn,
      readerRoleArn: catalog.hub.recordings.roles.reader.arn,
    }),
  );
  expect((policy as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid)).toEqual([
    'TlsAlone',
    'OneWrites',
    'NeverOverAnother',
    'OneReads',
    'NobodyRemoves',
  ]);
});

it('the hub template gives the recorder and the reader their rendered policies', () => {
  const hub = templateOf('SallyportHub', catalog);
  const policies = (name: string) => propertiesOf(hub, 'AWS::IAM::Role', name)['Policies'];
  const only = (PolicyDocument: object) => [{ PolicyName: 'permissions', PolicyDocument }];
  expect(policies('JitHubRecorder')).toEqual(only(renderRecorderPermissions({ bucketArn })));
  expect(policies('JitHubReader')).toEqual(only(renderRecordingReaderPermissions({ bucketArn })));
});
