import { checked, PolicyInputError } from '../input.ts';
import type { PolicyDocument, Statement } from '../policy.ts';
import { partitionOf } from '../partition.ts';
import { documentAccessCheck } from './access-check.ts';
import { leaseSessionName, nodeArn } from './names.ts';

/** What one lease is for: one instance, one document, one session-name prefix. */
export interface LeaseScope {
  readonly grantId: string;
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  /** A pinned document: `jit-fwd-...` for a remote host, `jit-port-...` for a port of the instance, `jit-shell-...` for a shell. */
  readonly documentName: string;
  /** The one database user that the lease may sign in as by IAM; null or absent where nobody does. */
  readonly databaseUser?: DatabaseUser | null;
  /** The one OS user whose sessions a short-lived SSH key may be pushed for; null or absent where nobody's. */
  readonly osUser?: string | null;
  /** The KMS key that a shell or a command is encrypted with; null or absent where none is. */
  readonly keyArn?: string | null;
}

/** A user of one RDS database, as IAM names it. */
export interface DatabaseUser {
  /** `db-...`, `cluster-...` or `prx-...`. */
  readonly rdsResourceId: string;
  readonly name: string;
}

/** The ARN of a database user, `arn:PARTITION:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER`. Throws PolicyInputError. */
export function databaseUserArn(region: string, accountId: string, user: DatabaseUser): string {
  const place = `${checked('region', region)}:${checked('accountId', accountId)}`;
  return `arn:${partitionOf(region)}:rds-db:${place}:dbuser:${checked('rdsResourceId', user.rdsResourceId)}/${checked('databaseUser', user.name)}`;
}

export interface LeaseInput extends LeaseScope {
  /** Milliseconds since the epoch; rounded down to the second, so that a lease never ends late. */
  readonly leaseEndsAt: number;
}

/** Stands for the end in a policy shown before a lease exists. */
export const leaseEndPlaceholder = '${lease end: at most 120 s after issue}';

/**
 * The session policy of a lease: to a port, on the instance or through a pinned document, or to a shell on it. One instance and one
 * document per lease, since target and document are authorised separately and two of each would be four ways.
 * Throws PolicyInputError.
 */
export function renderLease(input: LeaseInput): PolicyDocument {
  return leasePolicy(input, secondsIso(input.leaseEndsAt));
}

/** The same policy for people to read before it is issued; the end is a placeholder, so AWS would refuse it. */
export function previewLease(scope: LeaseScope): PolicyDocument {
  return leasePolicy(scope, leaseEndPlaceholder);
}

function leasePolicy(scope: LeaseScope, endsAt: string): PolicyDocument {
  const partition = partitionOf(scope.region);
  const prefix = `arn:${partition}:ssm:${checked('region', scope.region)}:${checked('accountId', scope.accountId)}`;
  const instance = nodeArn(partition, scope.region, scope.accountId, scope.instanceId);
  const document = `${prefix}:document/${checked('documentName', scope.documentName)}`;
  // Session ids of assumed roles begin with the session name; AWS's own samples write the user id instead.
  const ownSessions = [
    `${prefix}:session/${leaseSessionName(scope.grantId)}-*`,
    `${prefix}:session/\${aws:userid}-*`,
  ];
  const untilEnd = { DateLessThan: { 'aws:CurrentTime': endsAt } };
  const statements: Statement[] = [
    {
      Effect: 'Allow',
      Action: 'ssm:StartSession',
      Resource: [instance, document],
      Condition: { ...untilEnd, ...documentAccessCheck },
    },
    {
      Effect: 'Allow',
      Action: ['ssmmessages:OpenDataChannel', 'ssm:ResumeSession'],
      Resource: ownSessions,
      Condition: untilEnd,
    },
    // Outside the time limit, so that a client can always end what it began.
    { Effect: 'Allow', Action: 'ssm:TerminateSession', Resource: ownSessions },
  ];
  const { databaseUser, osUser, keyArn } = scope;
  if (databaseUser)
    statements.push({
      Effect: 'Allow',
      Action: 'rds-db:connect',
      Resource: databaseUserArn(scope.region, scope.accountId, databaseUser),
      Condition: untilEnd,
    });
  // Nodes outside EC2 do not know Instance Connect.
  if (osUser != null && instance.includes(':managed-instance/'))
    throw new PolicyInputError('osUser', 'is given for a node outside EC2');
  if (osUser != null)
    statements.push({
      Effect: 'Allow',
      Action: 'ec2-instance-connect:SendSSHPublicKey',
      Resource: instance,
      Condition: { ...untilEnd, StringEquals: { 'ec2:osuser': checked('osUser', osUser) } },
    });
  if (keyArn != null)
    statements.push({
      Effect: 'Allow',
      Action: 'kms:GenerateDataKey',
      Resource: checked('keyArn', keyArn),
      Condition: {
        ...untilEnd,
        StringEquals: { 'kms:EncryptionContext:aws:ssm:TargetId': scope.instanceId },
      },
    });
  return { Version: '2012-10-17', Statement: statements };
}

function secondsIso(milliseconds: number): string {
  if (!Number.isFinite(milliseconds) || milliseconds <= 0 || milliseconds > 253_402_300_799_000) {
    throw new PolicyInputError('leaseEndsAt', 'is not a time in milliseconds');
  }
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
