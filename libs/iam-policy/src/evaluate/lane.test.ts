import { describe, expect, it } from 'vitest';
import {
  evaluate,
  evaluateAssumeRole,
  evaluateStartSession,
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderHubPolicy,
  renderLease,
  type AssumeRole,
  type CallerPolicies,
  type Decision,
  type Principal,
  type StartSession,
} from '../index.ts';

const account = '111122223333';
const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const tags = {
  'jit-managed': 'true',
  'jit-team': 'platform',
  ServerType: 'bastion',
  AccessGranted: 'true',
};
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };
const granted = `arn:aws:ec2:eu-west-1:${account}:instance/i-0123456789abcdef0`;
const document = (name: string) => `arn:aws:ssm:eu-west-1:${account}:document/${name}`;
const session = (id: string) => `arn:aws:ssm:eu-west-1:${account}:session/${id}`;

const engineer: Principal = {
  arn: `arn:aws:sts::${account}:assumed-role/JitConnect/jit-${grantId}`,
  roleArn: `arn:aws:iam::${account}:role/jit/JitConnect`,
  accountId: account,
  userId: `AROAEXAMPLEID:jit-${grantId}`,
  tags: { GrantId: grantId, Team: 'platform' },
  sourceIdentity: 'u-prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
};
const lease = {
  grantId,
  accountId: account,
  region: 'eu-west-1',
  instanceId: 'i-0123456789abcdef0',
  documentName: 'jit-fwd-7f3a9c21',
  leaseEndsAt: Date.parse('2026-11-21T12:02:00Z'),
};
const policies = {
  identityPolicies: [renderConnectPermissions({ accountId: account, enrolmentTags })],
  boundary: renderConnectBoundary({ accountId: account }),
  sessionPolicy: renderLease(lease),
};
const before = { 'aws:CurrentTime': '2026-11-21T12:01:59Z' };
const after = { 'aws:CurrentTime': '2026-11-21T12:02:00Z' };

const start = (over: Partial<StartSession> = {}): Decision =>
  evaluateStartSession({
    principal: engineer,
    ...policies,
    target: { arn: granted, tags },
    documentArn: document('jit-fwd-7f3a9c21'),
    defaultDocumentArn: document('SSM-SessionManagerRunShell'),
    unnamedDocument: 'checked',
    context: before,
    ...over,
  });
const act = (action: string, resource: string, context: Record<string, string> = before): Decision =>
  evaluate({ principal: engineer, ...policies, request: { action, resource, context } });

describe('a lease', () => {
  it('starts a session on its instance through its document', () => {
    expect(start()).toMatchObject({ decision: 'allow', statement: { sid: 'OnlyOurDocuments' } });
  });

  it.each<[string, Partial<StartSession>]>([
    ['on a sibling instance', { target: { arn: granted.replace('def0', 'def1'), tags } }],
    [
      'on its instance after AccessGranted became false',
      { target: { arn: granted, tags: { ...tags, AccessGranted: 'false' } } },
    ],
    [
      'on its instance after a tag was taken off',
      { target: { arn: granted, tags: { 'jit-managed': 'true' } } },
    ],
    [
      'on its instance when it belongs to another team',
      { target: { arn: granted, tags: { ...tags, 'jit-team': 'other' } } },
    ],
    ['in another region', { target: { arn: granted.replace('eu-west-1', 'us-east-1'), tags } }],
    ['through another of our documents', { documentArn: document('jit-fwd-00000000') }],
    [
      'through a document of AWS',
      { documentArn: 'arn:aws:ssm:eu-west-1::document/AWS-StartPortForwardingSession' },
    ],
    ['through the default shell', { documentArn: document('SSM-SessionManagerRunShell') }],
    ['without a document, default checked', { documentArn: undefined }],
    ['without a document, legacy', { documentArn: undefined, unnamedDocument: 'legacy' }],
    ['at the second of its end', { context: after }],
    ['without a clock', { context: {} }],
    ['with a clock that is none', { context: { 'aws:CurrentTime': 'soon' } }],
    ['without a grant tag', { principal: { ...engineer, tags: { Team: 'platform' } } }],
  ])('starts nothing %s', (_, over) => {
    expect(start(over).decision).toBe('deny');
  });

  it('opens a shell without the access check where AWS is in legacy mode: why each Allow carries it', () => {
    const check = '"BoolIfExists":{"ssm:SessionDocumentAccessCheck":"true"}';
    const careless = JSON.parse(
      JSON.stringify(policies).replaceAll(check, '"BoolIfExists":{}'),
    ) as CallerPolicies;
    const shell = { ...careless, documentArn: undefined };
    expect(start({ ...shell, unnamedDocument: 'legacy' }).decision).toBe('allow');
    expect(start({ ...shell, unnamedDocument: 'checked' }).decision).toBe('deny');
    expect(
      start({ documentArn: undefined, unnamedDocument: 'legacy', boundary: careless.boundary }).decision,
    ).toBe('deny');
  });

  it('opens, resumes and ends its own sessions, and ends them after its time too', () => {
    const own = session(`jit-${grantId}-0a1b2c3d4e5f60718`);
    for (const action of ['ssmmessages:OpenDataChannel', 'ssm:ResumeSession']) {
      expect(act(action, own).decision).toBe('allow');
      expect(act(action, own, after).decision).toBe('deny');
    }
    expect(act('ssm:TerminateSession', own).decision).toBe('allow');
    expect(act('ssm:TerminateSession', own, after).decision).toBe('allow');
  });

  it.each([
    ['ssm:TerminateSession', session('jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z-0a1b')],
    ['ssm:ResumeSession', session('jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z-0a1b')],
    ['ssmmessages:OpenDataChannel', session('operator-0a1b')],
    ['ssm:DescribeSessions', '*'],
    ['ssm:SendCommand', granted],
    ['ssm:GetDocument', document('jit-fwd-7f3a9c21')],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/jit/JitConnect`],
    ['iam:PutRolePolicy', `arn:aws:iam::${account}:role/jit/JitConnect`],
  ])('cannot %s on %s', (action, resource) => {
    expect(act(action, resource).decision).toBe('deny');
  });

  it('signs in to a database as its one user, where role, boundary and lease all say so', () => {
    const user = (name: string, at = 'db-ABCDEFGHIJKL') =>
      `arn:aws:rds-db:eu-west-1:${account}:dbuser:${at}/${name}`;
    const databaseUser = { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'jit_readonly' };
    const own = user('jit_readonly');
    const signing: CallerPolicies = {
      ...policies,
      identityPolicies: [
        renderConnectPermissions({ accountId: account, enrolmentTags, databaseSignIn: true }),
      ],
      sessionPolicy: renderLease({ ...lease, databaseUser }),
    };
    const signIn = (resource: string, by: CallerPolicies = signing, context = before) =>
      evaluate({ principal: engineer, ...by, request: { action: 'rds-db:connect', resource, context } })
        .decision;
    expect(signIn(own)).toBe('allow');
    expect(signIn(own, signing, after)).toBe('deny');
    for (const other of [user('jit_owner'), user('postgres'), user('jit_readonly', 'db-MNOPQRSTUVWX')])
      expect(signIn(other)).toBe('deny');
    expect(signIn(own, { ...signing, identityPolicies: policies.identityPolicies })).toBe('deny');
    expect(signIn(own, { ...signing, sessionPolicy: policies.sessionPolicy })).toBe('deny');
    const all = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const wide = { ...signing, identityPolicies: [all], sessionPolicy: all };
    expect([signIn(own, wide), signIn(user('postgres'), wide)]).toEqual(['allow', 'deny']);
  });

  it('says why, in the words of AWS', () => {
    expect(start({ documentArn: document('jit-fwd-00000000') })).toMatchObject({
      decision: 'deny',
      kind: 'implicit-deny',
      why: 'because no session policy allows the ssm:StartSession action',
      resource: document('jit-fwd-00000000'),
    });
    expect(start({ principal: { ...engineer, tags: { Team: 'platform' } } })).toMatchObject({
      kind: 'explicit-deny',
      why: 'with an explicit deny in a permissions boundary',
      statement: { layer: 'boundary', sid: 'GrantTagRequired' },
    });
  });
});

describe('the role of leases', () => {
  const hub: Principal = {
    arn: 'arn:aws:sts::999988887777:assumed-role/JitHub/issuer',
    roleArn: 'arn:aws:iam::999988887777:role/jit/JitHub',
    accountId: '999988887777',
    organisationId: 'o-exampleorgid',
  };
  const roleArn = `arn:aws:iam::${account}:role/jit/JitConnect`;
  const assume = (over: Partial<AssumeRole> = {}): Decision =>
    evaluateAssumeRole({
      caller: hub,
      callerPolicies: { identityPolicies: [renderHubPolicy({ purpose: 'issue', roleArns: [roleArn] })] },
      role: {
        arn: roleArn,
        accountId: account,
        trustPolicy: renderConnectTrust({
          principalArn: 'arn:aws:iam::999988887777:role/jit/JitHub',
          externalId: 'spoke-111122223333-6f1f0c1b',
          organisationId: 'o-exampleorgid',
        }),
      },
      roleSessionName: `jit-${grantId}`,
      externalId: 'spoke-111122223333-6f1f0c1b',
      sourceIdentity: 'u-prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
      tags: { GrantId: grantId, Team: 'platform' },
      ...over,
    });

  it('is taken on by the issuer for a grant', () => {
    expect(assume()).toMatchObject({ decision: 'allow', statement: { layer: 'trust' } });
  });

  it.each<[string, Partial<AssumeRole>]>([
    ['a foreign external id', { externalId: 'spoke-other' }],
    ['no external id', { externalId: undefined }],
    ['a session name that is not the grant', { roleSessionName: 'jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Z' }],
    ['no tags', { tags: {} }],
    ['a surplus tag', { tags: { GrantId: grantId, Team: 'platform', Admin: 'yes' } }],
    ['a grant id of another form', { tags: { GrantId: 'x', Team: 'platform' }, roleSessionName: 'jit-x' }],
    ['no source identity', { sourceIdentity: undefined }],
    ['a foreign source identity', { sourceIdentity: 'admin' }],
    ['root as Run As', { tags: { GrantId: grantId, Team: 'platform', SSMSessionRunAs: 'Root' } }],
    ['another organisation', { caller: { ...hub, organisationId: 'o-otherotherot' } }],
    [
      'another role of the hub',
      { caller: { ...hub, roleArn: 'arn:aws:iam::999988887777:role/jit/JitHubRevoke' } },
    ],
    [
      'a role of that name elsewhere',
      { caller: { ...hub, roleArn: 'arn:aws:iam::999988887777:role/JitHub' } },
    ],
    ['no policy of its own', { callerPolicies: { identityPolicies: [] } }],
    ['a service as caller', { caller: { ...hub, service: 'ec2.amazonaws.com' } }],
  ])('is refused with %s', (_, over) => {
    expect(assume(over).decision).toBe('deny');
  });

  it('may run as an ordinary user of the operating system', () => {
    expect(assume({ tags: { GrantId: grantId, Team: 'platform', SSMSessionRunAs: 'deploy' } }).decision).toBe(
      'allow',
    );
  });
});
