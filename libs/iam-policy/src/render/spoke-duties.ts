import { checked, checkedAll, checkedTags } from '../input.ts';
import type { PolicyDocument, Statement } from '../policy.ts';

export interface RevokeInput {
  readonly accountId: string;
  readonly partition?: string;
  /** The role whose leases are denied when their grant is revoked, and the boundary that hangs on it. */
  readonly connectRole: { readonly arn: string; readonly boundaryArn: string };
}

/**
 * Permissions of the revoking role: find sessions and end ours, and write the inline policies of the connecting role,
 * while that has its boundary, which bounds also what is written there. `ssm:DescribeSessions` knows no resource, so it
 * shows every session of the account; that is why it is a role of its own.
 */
export function renderRevokePermissions(input: RevokeInput): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
  const connect = checked('roleArn', input.connectRole.arn);
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'FindSessions', Effect: 'Allow', Action: 'ssm:DescribeSessions', Resource: '*' },
      {
        Sid: 'EndSessions',
        Effect: 'Allow',
        Action: 'ssm:TerminateSession',
        Resource: `arn:${partition}:ssm:*:${accountId}:session/jit-*`,
      },
      {
        Sid: 'DenyRevokedGrants',
        Effect: 'Allow',
        Action: ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
        Resource: connect,
        Condition: {
          StringEquals: { 'iam:PermissionsBoundary': checked('policyArn', input.connectRole.boundaryArn) },
        },
      },
      { Sid: 'ReadBack', Effect: 'Allow', Action: 'iam:GetRolePolicy', Resource: connect },
    ],
  };
}

export interface InventoryInput {
  readonly accountId: string;
  readonly partition?: string;
  /** Some shell of the account is logged to CloudWatch. */
  readonly shellLogGroups?: boolean;
  /** Buckets that shells of the account are logged to, as ARNs. */
  readonly shellLogBuckets?: readonly string[];
}

/**
 * Permissions of the inventory role: see instances and whether they are online, read our documents, see the log groups
 * where shells log to some, whether the buckets that shells log to are encrypted, write nothing. IAM asks about `logs:DescribeLogGroups` for all groups at once, so the names
 * of all groups of the account are seen; no line of a log is.
 */
export function renderInventoryPermissions(input: InventoryInput): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SeeInstances',
        Effect: 'Allow',
        Action: ['ec2:DescribeInstances', 'ssm:DescribeInstanceInformation'],
        Resource: '*',
      },
      {
        Sid: 'SeeTagsOfNodes',
        Effect: 'Allow',
        Action: 'ssm:ListTagsForResource',
        Resource: `arn:${partition}:ssm:*:${accountId}:managed-instance/*`,
      },
      {
        Sid: 'ReadOurDocuments',
        Effect: 'Allow',
        Action: ['ssm:DescribeDocument', 'ssm:GetDocument'],
        Resource: `arn:${partition}:ssm:*:${accountId}:document/jit-*`,
      },
      ...(input.shellLogGroups === true
        ? [
            {
              Sid: 'SeeLogGroups',
              Effect: 'Allow' as const,
              Action: 'logs:DescribeLogGroups',
              Resource: `arn:${partition}:logs:*:${accountId}:log-group:*`,
            },
          ]
        : []),
      ...(input.shellLogBuckets === undefined || input.shellLogBuckets.length === 0
        ? []
        : [
            {
              Sid: 'SeeLogBuckets',
              Effect: 'Allow' as const,
              Action: 's3:GetEncryptionConfiguration',
              Resource: checkedAll('bucketArn', input.shellLogBuckets),
            },
          ]),
    ],
  };
}

export interface ProvisionInput {
  readonly accountId: string;
  readonly partition?: string;
  /** The one document that is run. */
  readonly documentName: string;
  /** Tags a host must carry. */
  readonly enrolmentTags: Readonly<Record<string, string>>;
  readonly hybridNodes?: boolean;
}

/**
 * Permissions of the provisioning role: one document, run on enrolled hosts. A command is read back by its id;
 * `ssm:GetCommandInvocation` knows no resource, so this role can read what other commands of the account printed.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
 */
export function renderProvisionPermissions(input: ProvisionInput): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
  const enrolled = Object.fromEntries(
    checkedTags(input.enrolmentTags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  );
  const hosts = [
    `arn:${partition}:ec2:*:${accountId}:instance/*`,
    ...(input.hybridNodes === true ? [`arn:${partition}:ssm:*:${accountId}:managed-instance/*`] : []),
  ];
  const document = `arn:${partition}:ssm:*:${accountId}:document/${checked('documentName', input.documentName)}`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'RunOnEnrolledHosts',
        Effect: 'Allow',
        Action: 'ssm:SendCommand',
        Resource: hosts,
        Condition: { StringEquals: enrolled },
      },
      // Apart from the hosts: a document carries none of their tags.
      { Sid: 'OneDocument', Effect: 'Allow', Action: 'ssm:SendCommand', Resource: document },
      { Sid: 'ReadBack', Effect: 'Allow', Action: 'ssm:GetCommandInvocation', Resource: '*' },
      {
        Sid: 'NothingElse',
        Effect: 'Deny',
        NotAction: ['ssm:SendCommand', 'ssm:GetCommandInvocation', 'sts:GetCallerIdentity'],
        Resource: '*',
      },
      {
        Sid: 'NoOtherDocument',
        Effect: 'Deny',
        Action: 'ssm:SendCommand',
        NotResource: [...hosts, document],
      },
    ],
  };
}

/** How the sessions of an instance are kept: what its agent has to decrypt, and where it writes. */
export interface SessionsKept {
  readonly keyArns?: readonly string[];
  /** Log groups of CloudWatch, as ARNs. */
  readonly logGroupArns?: readonly string[];
  /** `arn:aws:s3:::BUCKET/PREFIX*`. */
  readonly logObjectArns?: readonly string[];
}

function keptStatements({ keyArns = [], logGroupArns = [], logObjectArns = [] }: SessionsKept): Statement[] {
  const statements: Statement[] = [];
  if (keyArns.length > 0)
    statements.push({
      Sid: 'DecryptSessions',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: checkedAll('keyArn', keyArns),
      // The keys serve sessions alone: what is encrypted for anything else has another context.
      Condition: { Null: { 'kms:EncryptionContext:aws:ssm:SessionId': 'false' } },
    });
  if (logGroupArns.length > 0)
    statements.push(
      { Sid: 'FindLogGroups', Effect: 'Allow', Action: 'logs:DescribeLogGroups', Resource: '*' },
      {
        Sid: 'WriteSessionLogs',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        Resource: logGroupArns.map((arn) => `${checked('logGroupArn', arn)}:*`),
      },
    );
  if (logObjectArns.length > 0)
    statements.push(
      {
        Sid: 'WriteSessionLogObjects',
        Effect: 'Allow',
        Action: 's3:PutObject',
        Resource: checkedAll('logObjectArn', logObjectArns),
      },
      // The agent ends a session whose bucket it cannot see to be encrypted.
      {
        Sid: 'SeeLogsEncrypted',
        Effect: 'Allow',
        Action: 's3:GetEncryptionConfiguration',
        Resource: [...new Set(logObjectArns.map((arn) => arn.slice(0, arn.indexOf('/'))))],
      },
    );
  return statements;
}

/**
 * Permissions of a gateway instance: what the SSM Agent needs for sessions. AWS's managed policy would also let it read
 * every parameter of the account, which a session document could then spell out.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
export function renderGatewayPermissions(kept: SessionsKept = {}): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      ...keptStatements(kept),
      {
        Sid: 'SessionManagerAgent',
        Effect: 'Allow',
        Action: [
          'ssm:UpdateInstanceInformation',
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        Resource: '*',
      },
    ],
  };
}
