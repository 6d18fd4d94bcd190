import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluate,
  renderConnectBoundary,
  renderConnectPermissions,
  renderLease,
  type Evaluation,
} from '../index.ts';

const principal = {
  arn: 'arn:aws:sts::111122223333:assumed-role/JitConnect/x',
  accountId: '111122223333',
  tags: { GrantId: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', Team: 'platform' },
};
const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
const request = {
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  context: { 'aws:CurrentTime': '2026-11-21T12:00:00Z' },
};

/** Policies that are valid and often match: small alphabets, so that allows and denies meet. */
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom('*', 's3:*', 's3:GetObject', 's3:Put*', 'ec2:*'),
  Resource: fc.constantFrom('*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::b/k', 'arn:aws:s3:::c/*'),
  Condition: fc.constantFrom(
    {},
    { DateLessThan: { 'aws:CurrentTime': '2026-11-21T12:00:01Z' } },
    { DateLessThan: { 'aws:CurrentTime': '2026-11-21T11:00:00Z' } },
    { StringEquals: { 'aws:PrincipalTag/Team': 'platform' } },
    { Null: { 'aws:username': 'true' } },
  ),
});
const policy = fc.record({
  Version: fc.constant('2012-10-17'),
  Statement: fc.array(statement, { minLength: 1, maxLength: 4 }),
});
const ask = (over: Partial<Evaluation>) =>
  evaluate({ principal, identityPolicies: [everything], request, ...over }).decision;

describe('the evaluator', () => {
  it('never throws and never allows by what is no policy', () => {
    fc.assert(
      fc.property(fc.anything(), (document) => {
        expect(ask({ identityPolicies: [document] })).toBe('deny');
        // Undefined stands for "none"; anything else must count.
        if (document !== undefined) expect(ask({ sessionPolicy: document })).toBe('deny');
      }),
    );
  });

  it('allows with a boundary and a session policy only what each allows', () => {
    fc.assert(
      fc.property(policy, policy, policy, (identity, boundary, sessionPolicy) => {
        const together = ask({ identityPolicies: [identity], boundary, sessionPolicy });
        const each = [identity, boundary, sessionPolicy].map((one) => ask({ identityPolicies: [one] }));
        expect(together).toBe(each.every((decision) => decision === 'allow') ? 'allow' : 'deny');
      }),
    );
  });

  it('gives nothing more when a session policy or a deny is added', () => {
    fc.assert(
      fc.property(policy, policy, (identity, more) => {
        const before = ask({ identityPolicies: [identity] });
        if (before === 'allow') return;
        expect(ask({ identityPolicies: [identity], sessionPolicy: more })).toBe('deny');
        const denies = more.Statement.map((one) => ({ ...one, Effect: 'Deny' }));
        expect(ask({ identityPolicies: [identity, { ...more, Statement: denies }] })).toBe('deny');
      }),
    );
  });

  it('does not care for the order of statements', () => {
    fc.assert(
      fc.property(policy, (identity) => {
        const reversed = { ...identity, Statement: identity.Statement.toReversed() };
        expect(ask({ identityPolicies: [reversed] })).toBe(ask({ identityPolicies: [identity] }));
      }),
    );
  });

  it('answers soon whatever the wildcards', () => {
    const pattern = `arn:aws:s3:::${'a*'.repeat(400)}b`;
    const stars = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: pattern } };
    const resource = `arn:aws:s3:::${'a'.repeat(4000)}`;
    const began = performance.now();
    expect(ask({ identityPolicies: [stars], request: { ...request, resource } })).toBe('deny');
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('a lease with its role and boundary', () => {
  const account = '111122223333';
  const lease = renderLease({
    grantId: principal.tags.GrantId,
    accountId: account,
    region: 'eu-west-1',
    instanceId: 'i-0123456789abcdef0',
    documentName: 'jit-fwd-7f3a9c21',
    leaseEndsAt: Date.parse('2026-11-21T12:02:00Z'),
  });
  const tags = {
    'jit-managed': 'true',
    'jit-team': 'platform',
    ServerType: 'bastion',
    AccessGranted: 'true',
  };
  const own = `session/jit-${principal.tags.GrantId}-0a1b2c3d4e5f60718`;

  /** Actions of the services near the lane, written out: the allowed pairs must equal the expected set. */
  const actions = [
    ...[
      'StartSession',
      'ResumeSession',
      'TerminateSession',
      'DescribeSessions',
      'SendCommand',
      'GetDocument',
    ],
    ...[
      'CreateDocument',
      'UpdateDocument',
      'DeleteDocument',
      'GetParameter',
      'PutParameter',
      'StartAutomationExecution',
    ],
    ...['DescribeInstanceInformation', 'StartAccessRequest', 'GetAccessToken', 'GetConnectionStatus'],
  ]
    .map((name) => `ssm:${name}`)
    .concat(
      ['OpenDataChannel', 'CreateDataChannel', 'OpenControlChannel', 'CreateControlChannel'].map(
        (name) => `ssmmessages:${name}`,
      ),
      ['sts:AssumeRole', 'sts:TagSession', 'iam:PassRole', 'iam:PutRolePolicy', 'ec2:RunInstances'],
      ['ec2:CreateTags', 'ec2-instance-connect:SendSSHPublicKey', 'ec2-instance-connect:OpenTunnel'],
      [
        'kms:GenerateDataKey',
        'kms:Decrypt',
        'secretsmanager:GetSecretValue',
        'rds-db:connect',
        's3:GetObject',
      ],
    );
  const arn = (service: string, rest: string, region = 'eu-west-1', of = account) =>
    `arn:aws:${service}:${region}:${of}:${rest}`;
  const resources = [
    arn('ec2', 'instance/i-0123456789abcdef0'),
    arn('ec2', 'instance/i-0123456789abcdef1'),
    arn('ec2', 'instance/i-0123456789abcdef0', 'us-east-1'),
    arn('ec2', 'instance/i-0123456789abcdef0', 'eu-west-1', '444455556666'),
    arn('ssm', 'managed-instance/mi-0123456789abcdef0'),
    arn('ssm', 'document/jit-fwd-7f3a9c21'),
    arn('ssm', 'document/jit-fwd-7f3a9c21', 'us-east-1'),
    arn('ssm', 'document/jit-fwd-7f3a9c22'),
    arn('ssm', 'document/SSM-SessionManagerRunShell'),
    arn('ssm', 'document/AWS-StartPortForwardingSession', 'eu-west-1', ''),
    arn('ssm', 'document/AWS-StartSSHSession', 'eu-west-1', ''),
    arn('ssm', own),
    arn('ssm', own, 'us-east-1'),
    arn('ssm', 'session/jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z-0a1b'),
    arn('ssm', 'session/operator-0a1b'),
    arn('iam', 'role/jit/JitConnect', ''),
    '*',
  ];

  it('allows exactly five pairs of action and resource among all decoys', () => {
    const allowed = actions.flatMap((action) =>
      resources.flatMap((resource) => {
        const decision = evaluate({
          principal,
          identityPolicies: [
            renderConnectPermissions({
              accountId: account,
              enrolmentTags: { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' },
            }),
          ],
          boundary: renderConnectBoundary({ accountId: account }),
          sessionPolicy: lease,
          request: {
            action,
            resource: resource.includes(':instance/') ? { arn: resource, tags } : resource,
            context: { ...request.context, 'ssm:SessionDocumentAccessCheck': true },
          },
        });
        return decision.decision === 'allow' ? [`${action} ${resource}`] : [];
      }),
    );
    expect(allowed).toEqual([
      `ssm:StartSession ${arn('ec2', 'instance/i-0123456789abcdef0')}`,
      `ssm:StartSession ${arn('ssm', 'document/jit-fwd-7f3a9c21')}`,
      `ssm:ResumeSession ${arn('ssm', own)}`,
      `ssm:TerminateSession ${arn('ssm', own)}`,
      `ssmmessages:OpenDataChannel ${arn('ssm', own)}`,
    ]);
  });
});
