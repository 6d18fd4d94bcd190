import type { RecordingBucket } from '@sallyport/catalog';
import { renderRecordingBucketPolicy } from '@sallyport/iam-policy';
import { aws_s3 as s3, CfnDeletionPolicy, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface RecordingsStackProps extends StackProps {
  readonly recordings: RecordingBucket;
}

/**
 * The bucket of recordings, in the hub's account. Object lock in compliance mode keeps every version for the catalogue's
 * days, from everybody, the account's owner included; then its lifecycle removes it. It stays when the stack goes.
 */
export class RecordingsStack extends Stack {
  constructor(scope: Construct, id: string, props: RecordingsStackProps) {
    super(scope, id, { ...props, description: 'Sallyport: the bucket of session recordings' });
    const { recordings } = props;
    const { bucket: bucketName, days } = recordings;
    const bucket = new s3.CfnBucket(this, 'Recordings', {
      bucketName,
      objectLockEnabled: true,
      objectLockConfiguration: {
        objectLockEnabled: 'Enabled',
        rule: { defaultRetention: { mode: 'COMPLIANCE', days } },
      },
      versioningConfiguration: { status: 'Enabled' },
      publicAccessBlockConfiguration: {
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
      // Sealed to the auditors already; this is for whoever looks at the bucket alone.
      bucketEncryption: {
        serverSideEncryptionConfiguration: [{ serverSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      },
      lifecycleConfiguration: {
        rules: [
          {
            id: 'after-the-lock',
            status: 'Enabled',
            expirationInDays: days,
            noncurrentVersionExpiration: { noncurrentDays: 1 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
    });
    bucket.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
    bucket.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    new s3.CfnBucketPolicy(this, 'RecordingsPolicy', {
      bucket: bucket.ref,
      policyDocument: renderRecordingBucketPolicy({
        bucketArn: recordings.arn,
        recorderRoleArn: recordings.roles.recorder.arn,
        readerRoleArn: recordings.roles.reader.arn,
      }),
    });
    new CfnOutput(this, 'Bucket', { value: bucket.ref, description: 'Bucket of session recordings' });
  }
}
