import { checked } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

/**
 * Permissions of the revoking role: find sessions and end ours. `ssm:DescribeSessions` knows no resource, so it shows
 * every session of the account; that is why it is a role of its own.
 */
export function renderRevokePermissions(input: { accountId: string; partition?: string }): PolicyDocument {
  const accountId = checked('accountId', input.accountId);
  const partition = checked('partition', input.partition ?? 'aws');
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
    ],
  };
}

/** Permissions of the inventory role: see instances and whether they are online, read our documents, write nothing. */
export function renderInventoryPermissions(input: { accountId: string; partition?: string }): PolicyDocument {
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
    ],
  };
}

/**
 * Permissions of a gateway instance: what the SSM Agent needs for sessions. AWS's managed policy would also let it read
 * every parameter of the account, which a session document could then spell out.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
export function renderGatewayPermissions(): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
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
