import { checked, checkedTags } from '../input.ts';
import type { PolicyDocument, Statement } from '../policy.ts';
import { documentAccessCheck } from './access-check.ts';

export interface ConnectRoleInput {
  readonly accountId: string;
  /** `aws` unless told otherwise. */
  readonly partition?: string;
  /** Tags an instance must carry, such as jit-managed, ServerType and AccessGranted: IAM itself refuses without. */
  readonly enrolmentTags: Readonly<Record<string, string>>;
  /** Admits pushing a short-lived SSH key to enrolled instances; off until SSH access is offered. */
  readonly instanceConnect?: boolean;
  /** Admits signing in to RDS databases as users named `jit_...`; off where no resource asks for it. */
  readonly databaseSignIn?: boolean;
  /** The key that encrypts shells and commands; without it sessions are not encrypted by KMS. */
  readonly sessionKeyArn?: string | null;
  /** Admits sessions on enrolled nodes outside EC2; off where no gateway is one. */
  readonly hybridNodes?: boolean;
}

/**
 * Permissions of the role that leases are issued from: the hard ceiling that holds when the issuer is wrong. Tags
 * are asked only of instances: a document has none, and a statement with both would refuse it.
 */
export function renderConnectPermissions(input: ConnectRoleInput): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
  const instances = `arn:${partition}:ec2:*:${accountId}:instance/*`;
  const enrolled = {
    ...Object.fromEntries(
      checkedTags(input.enrolmentTags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
    ),
    'aws:ResourceTag/jit-team': '${aws:PrincipalTag/Team}',
  };
  const statements: Statement[] = [
    {
      Sid: 'StartOnEnrolledInstances',
      Effect: 'Allow',
      Action: 'ssm:StartSession',
      Resource: instances,
      Condition: { StringEquals: enrolled, ...documentAccessCheck },
    },
    {
      Sid: 'OnlyOurDocuments',
      Effect: 'Allow',
      Action: 'ssm:StartSession',
      Resource: `arn:${partition}:ssm:*:${accountId}:document/jit-*`,
      Condition: { ...documentAccessCheck },
    },
    {
      Sid: 'OwnSessions',
      Effect: 'Allow',
      Action: ['ssmmessages:OpenDataChannel', 'ssm:ResumeSession', 'ssm:TerminateSession'],
      Resource: [
        `arn:${partition}:ssm:*:${accountId}:session/jit-\${aws:PrincipalTag/GrantId}-*`,
        `arn:${partition}:ssm:*:${accountId}:session/\${aws:userid}-*`,
      ],
    },
  ];
  if (input.hybridNodes === true) {
    statements.splice(1, 0, {
      Sid: 'StartOnEnrolledNodes',
      Effect: 'Allow',
      Action: 'ssm:StartSession',
      Resource: `arn:${partition}:ssm:*:${accountId}:managed-instance/*`,
      Condition: { StringEquals: enrolled, ...documentAccessCheck },
    });
  }
  if (input.instanceConnect === true) {
    statements.push({
      Sid: 'PushEphemeralKey',
      Effect: 'Allow',
      Action: 'ec2-instance-connect:SendSSHPublicKey',
      Resource: instances,
      Condition: { StringEquals: enrolled, StringNotEquals: { 'ec2:osuser': 'root' } },
    });
  }
  if (input.databaseSignIn === true) {
    statements.push({
      Sid: 'SignInToDatabases',
      Effect: 'Allow',
      Action: 'rds-db:connect',
      Resource: leaseDatabaseUsers(partition, accountId),
    });
  }
  if (input.sessionKeyArn != null) statements.push(sessionEncryption(input.sessionKeyArn));
  return { Version: '2012-10-17', Statement: statements };
}

/** Every database user that a lease may ever be for. */
const leaseDatabaseUsers = (partition: string, accountId: string) =>
  `arn:${partition}:rds-db:*:${accountId}:dbuser:*/jit_*`;

function sessionEncryption(keyArn: string): Statement {
  const keys = ['aws:ssm:SessionId', 'aws:ssm:TargetId', 'aws:ssm:RandomChallenge'];
  return {
    Sid: 'SessionEncryption',
    Effect: 'Allow',
    Action: 'kms:GenerateDataKey',
    Resource: checked('keyArn', keyArn),
    Condition: {
      'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': keys },
      // ForAllValues holds when the key is absent.
      Null: { 'kms:EncryptionContextKeys': 'false' },
    },
  };
}

/** Permissions boundary of that role: what no policy attached to it, now or later, can exceed. */
export function renderConnectBoundary(input: { accountId: string; partition?: string }): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'CeilingStart',
        Effect: 'Allow',
        Action: 'ssm:StartSession',
        Resource: '*',
        Condition: { ...documentAccessCheck },
      },
      {
        Sid: 'Ceiling',
        Effect: 'Allow',
        Action: [
          'ssm:ResumeSession',
          'ssm:TerminateSession',
          'ssmmessages:OpenDataChannel',
          'ec2-instance-connect:SendSSHPublicKey',
          'kms:GenerateDataKey',
        ],
        Resource: '*',
      },
      {
        Sid: 'CeilingDatabases',
        Effect: 'Allow',
        Action: 'rds-db:connect',
        Resource: leaseDatabaseUsers(partition, accountId),
      },
      {
        Sid: 'NoTargetOrDocumentOutsideTheLane',
        Effect: 'Deny',
        Action: 'ssm:StartSession',
        NotResource: [
          `arn:${partition}:ec2:*:${accountId}:instance/*`,
          `arn:${partition}:ssm:*:${accountId}:managed-instance/*`,
          `arn:${partition}:ssm:*:${accountId}:document/jit-*`,
        ],
      },
      {
        Sid: 'GrantTagRequired',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { Null: { 'aws:PrincipalTag/GrantId': 'true' } },
      },
    ],
  };
}
