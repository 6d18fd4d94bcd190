import { describe, expect, it } from 'vitest';
import {
  evaluate,
  partitionOf,
  renderConnectBoundary,
  renderConnectPermissions,
  renderLease,
  selfCheckLease,
  type LeaseInput,
} from '../index.ts';

const accountId = '111122223333';
const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };
const tags = { ...enrolmentTags, 'jit-team': 'platform' };
const leaseEndsAt = Date.parse('2026-11-21T12:02:00Z');
const before = '2026-11-21T12:01:59Z';

const byAgent = (region: string): LeaseInput => ({
  ...{ grantId, accountId, region, instanceId: 'i-0123456789abcdef0', documentName: 'jit-agent-7443' },
  leaseEndsAt,
});
const bySsh = (region: string): LeaseInput => ({
  ...byAgent(region),
  ...{ documentName: 'jit-forward-22', osUser: 'jit-forward' },
});

const actions = [
  ...['StartSession', 'ResumeSession', 'TerminateSession', 'DescribeSessions', 'SendCommand', 'GetDocument'],
  ...['CreateDocument', 'UpdateDocument', 'GetParameter', 'GetConnectionStatus'],
]
  .map((name) => `ssm:${name}`)
  .concat(
    ['ssmmessages:OpenDataChannel', 'ssmmessages:CreateDataChannel', 'ssmmessages:OpenControlChannel'],
    ['ec2-instance-connect:SendSSHPublicKey', 'ec2-instance-connect:SendSerialConsoleSSHPublicKey'],
    ['ec2-instance-connect:OpenTunnel', 'ec2:CreateTags', 'sts:AssumeRole', 'rds-db:connect'],
    ['kms:GenerateDataKey', 'iam:PassRole'],
  );
const users = ['jit-forward', 'jit-forward2', 'ec2-user', 'ubuntu', 'root'];

/** Every pair of action and resource (and OS user, where one is named) that a lease may do, among its decoys. */
function allowedOf(lease: LeaseInput, instanceConnect: boolean): string[] {
  const { region } = lease;
  const partition = partitionOf(region);
  const arn = (service: string, rest: string, at = region, of = accountId, world = partition) =>
    `arn:${world}:${service}:${at}:${of}:${rest}`;
  const other = region === 'us-east-1' ? 'us-west-2' : 'us-east-1';
  const own = `session/jit-${grantId}-0a1b2c3d`;
  const resources = [
    arn('ec2', 'instance/i-0123456789abcdef0'),
    arn('ec2', 'instance/i-0123456789abcdef1'),
    arn('ec2', 'instance/i-0123456789abcdef0', other),
    arn('ec2', 'instance/i-0123456789abcdef0', region, '444455556666'),
    arn('ec2', 'instance/i-0123456789abcdef0', region, accountId, partition === 'aws' ? 'aws-cn' : 'aws'),
    arn('ec2', 'instance-connect-endpoint/eice-0123456789abcdef0'),
    ...[
      'jit-agent-7443',
      'jit-agent-7444',
      'jit-forward-22',
      'jit-fwd-7f3a9c21',
      'SSM-SessionManagerRunShell',
    ].map((name) => arn('ssm', `document/${name}`)),
    ...[
      'AWS-StartPortForwardingSession',
      'AWS-StartPortForwardingSessionToRemoteHost',
      'AWS-StartSSHSession',
    ].map((name) => arn('ssm', `document/${name}`, region, '')),
    arn('ssm', own),
    arn('ssm', own, other),
    arn('ssm', 'session/jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z-0a1b'),
    arn('rds-db', 'dbuser:db-ABCDEFGHIJKL/jit_readonly'),
    '*',
  ];
  const may = (action: string, resource: string, user?: string) =>
    evaluate({
      principal: {
        arn: `arn:${partition}:sts::${accountId}:assumed-role/JitConnect/jit-${grantId}`,
        accountId,
        userId: `AROAEXAMPLEID:jit-${grantId}`,
        tags: { GrantId: grantId, Team: 'platform' },
      },
      identityPolicies: [renderConnectPermissions({ accountId, partition, enrolmentTags, instanceConnect })],
      boundary: renderConnectBoundary({ accountId, partition }),
      sessionPolicy: renderLease(lease),
      request: {
        action,
        resource: resource.includes(':instance/') ? { arn: resource, tags } : resource,
        context: {
          'aws:CurrentTime': before,
          'ssm:SessionDocumentAccessCheck': true,
          ...(user === undefined ? {} : { 'ec2:osuser': user }),
        },
      },
    }).decision === 'allow';
  return actions.flatMap((action) =>
    resources.flatMap((resource) => [
      ...(may(action, resource) ? [`${action} ${resource}`] : []),
      ...(action.endsWith('SendSSHPublicKey')
        ? users.filter((user) => may(action, resource, user)).map((user) => `${action} ${resource} ${user}`)
        : []),
    ]),
  );
}

describe.each([
  ['eu-west-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['eusc-de-east-1', 'aws-eusc'],
])('in %s', (region, partition) => {
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  const own = arn('ssm', `session/jit-${grantId}-0a1b2c3d`);
  const session = (document: string) => [
    `ssm:StartSession ${arn('ec2', 'instance/i-0123456789abcdef0')}`,
    `ssm:StartSession ${arn('ssm', `document/${document}`)}`,
    `ssm:ResumeSession ${own}`,
    `ssm:TerminateSession ${own}`,
    `ssmmessages:OpenDataChannel ${own}`,
  ];

  it('a lease to the agent allows exactly five pairs of action and resource among all decoys', () => {
    expect(allowedOf(byAgent(region), false)).toEqual(session('jit-agent-7443'));
    expect(allowedOf(byAgent(region), true)).toEqual(session('jit-agent-7443'));
  });

  it('a lease to sshd allows one key for one user of one instance besides, where the role does', () => {
    const push = `ec2-instance-connect:SendSSHPublicKey ${arn('ec2', 'instance/i-0123456789abcdef0')} jit-forward`;
    expect(allowedOf(bySsh(region), true)).toEqual([...session('jit-forward-22'), push]);
    expect(allowedOf(bySsh(region), false)).toEqual(session('jit-forward-22'));
  });

  it.each([
    ['the agent', byAgent(region)],
    ['sshd', bySsh(region)],
  ])('the self-check passes the lease to %s', (_, lease) => {
    const check = { lease, sessionPolicy: renderLease(lease), team: 'platform', instanceTags: tags };
    expect(selfCheckLease({ ...check, enrolmentTags, now: leaseEndsAt - 60_000 })).toEqual({
      ok: true,
      failures: [],
    });
  });
});

it.each([
  [
    'any user',
    '"ec2:osuser":"jit-forward"',
    '"ec2:osuser":["jit-forward","root"]',
    'it can push a key for root',
  ],
  [
    'users of that beginning',
    '"StringEquals":{"ec2:osuser":"jit-forward"',
    '"StringLike":{"ec2:osuser":"jit-forward*"',
    'it can push a key for another OS user',
  ],
  [
    'another user',
    '"ec2:osuser":"jit-forward"',
    '"ec2:osuser":"ubuntu"',
    'it cannot push a key for its OS user',
  ],
  [
    'every instance',
    'SendSSHPublicKey","Resource":"arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"',
    'SendSSHPublicKey","Resource":"*"',
    'it can push a key to a sibling instance',
  ],
])('the self-check finds a key for %s', (_, from, to, failure) => {
  const lease = bySsh('eu-west-1');
  const text = JSON.stringify(renderLease(lease));
  expect(text).toContain(from);
  const sessionPolicy: unknown = JSON.parse(text.replace(from, to));
  const check = { lease, sessionPolicy, team: 'platform', instanceTags: tags, enrolmentTags };
  expect(selfCheckLease({ ...check, now: leaseEndsAt - 60_000 }).failures).toContain(failure);
});
