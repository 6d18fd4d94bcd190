import {
  evaluate,
  evaluateAssumeRole,
  evaluateStartSession,
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderHubPolicy,
  renderInventoryPermissions,
  renderProvisionPermissions,
  renderLease,
  renderRevokePermissions,
  renderSpokeTrust,
  type Principal,
} from '@sallyport/iam-policy';
import { describe, expect, it } from 'vitest';
import { aCatalog, propertiesOf, templatesOf } from './templates.ts';

const { hub, spoke } = templatesOf();
const catalog = aCatalog();
const account = '111122223333';
const hubRole = (name: string) => `arn:aws:iam::999988887777:role/jit/${name}`;
const spokeRole = (name: string) => `arn:aws:iam::${account}:role/jit/${name}`;
const sessionKeyArn = `arn:aws:kms:eu-west-1:${account}:key/5a1e7b0c-2d3f-4a5b-8c6d-7e8f90a1b2c3`;
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };

const role = (template: typeof hub, name: string) => propertiesOf(template, 'AWS::IAM::Role', name);
/** The one inline policy of a role. */
function inlineOf(properties: Record<string, unknown>): unknown {
  const policies = properties['Policies'] as { PolicyDocument: unknown }[];
  expect(policies).toHaveLength(1);
  return policies[0]?.PolicyDocument;
}
const managed = (name: string) => propertiesOf(spoke, 'AWS::IAM::ManagedPolicy', name)['PolicyDocument'];

describe('the hub template', () => {
  it.each([
    ['JitHub', 'issue', 'JitConnect'],
    ['JitHubRevoke', 'revoke', 'JitRevoke'],
    ['JitHubInventory', 'inventory', 'JitInventory'],
    ['JitHubProvision', 'provision', 'JitProvision'],
  ] as const)('gives %s the rendered policy to %s by %s and nothing else', (name, purpose, target) => {
    const properties = role(hub, name);
    expect(inlineOf(properties)).toEqual(renderHubPolicy({ purpose, roleArns: [spokeRole(target)] }));
    expect(properties).toMatchObject({ Path: '/jit/', RoleName: name });
    expect(properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('holds no user, no access key and no further role', () => {
    hub.resourceCountIs('AWS::IAM::Role', 5);
    hub.resourceCountIs('AWS::IAM::User', 0);
    hub.resourceCountIs('AWS::IAM::AccessKey', 0);
  });
});

describe('the spoke template', () => {
  it('hangs the rendered permissions and boundary on the connecting role, as managed policies', () => {
    const connect = role(spoke, 'JitConnect');
    expect(managed('JitConnectPermissions')).toEqual(
      renderConnectPermissions({ accountId: account, enrolmentTags, instanceConnect: true, sessionKeyArn }),
    );
    expect(managed('JitConnectBoundary')).toEqual(renderConnectBoundary({ accountId: account }));
    expect(connect).toMatchObject({
      PermissionsBoundary: { Ref: 'ConnectBoundary' },
      ManagedPolicyArns: [{ Ref: 'ConnectPermissions' }],
      AssumeRolePolicyDocument: renderConnectTrust({
        principalArn: hubRole('JitHub'),
        externalId: 'spoke-111122223333-6f1f0c1b',
        organisationId: 'o-exampleorgid',
      }),
    });
    expect(connect).not.toHaveProperty('Policies');
  });

  it.each([
    [
      'JitRevoke',
      'JitHubRevoke',
      renderRevokePermissions({
        accountId: account,
        connectRole: {
          arn: spokeRole('JitConnect'),
          boundaryArn: `arn:aws:iam::${account}:policy/jit/JitConnectBoundary`,
        },
      }),
    ],
    [
      'JitInventory',
      'JitHubInventory',
      renderInventoryPermissions({ accountId: account, shellLogGroups: true }),
    ],
    [
      'JitProvision',
      'JitHubProvision',
      renderProvisionPermissions({ accountId: account, documentName: 'jit-os-users', enrolmentTags }),
    ],
  ])('gives %s to %s with the rendered policy', (name, principal, permissions) => {
    const properties = role(spoke, name);
    expect(inlineOf(properties)).toEqual(permissions);
    expect(properties['AssumeRolePolicyDocument']).toEqual(
      renderSpokeTrust({
        principalArn: hubRole(principal),
        externalId: 'spoke-111122223333-6f1f0c1b',
        organisationId: 'o-exampleorgid',
      }),
    );
  });
});

describe('the templates together', () => {
  const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
  const issuer: Principal = {
    arn: 'arn:aws:sts::999988887777:assumed-role/JitHub/task',
    roleArn: hubRole('JitHub'),
    accountId: '999988887777',
    organisationId: 'o-exampleorgid',
  };
  const assume = (caller: Principal, own: string, target: string, extra: object = {}) =>
    evaluateAssumeRole({
      caller,
      callerPolicies: { identityPolicies: [inlineOf(role(hub, own))] },
      role: {
        arn: spokeRole(target),
        accountId: account,
        trustPolicy: role(spoke, target)['AssumeRolePolicyDocument'],
      },
      roleSessionName: `jit-${grantId}`,
      externalId: 'spoke-111122223333-6f1f0c1b',
      ...extra,
    }).decision;
  const lease = { sourceIdentity: 'u-prs_1', tags: { GrantId: grantId, Team: 'platform' } };

  it('let the issuer take on the connecting role for a grant, and no other role', () => {
    expect(assume(issuer, 'JitHub', 'JitConnect', lease)).toBe('allow');
    expect(assume(issuer, 'JitHub', 'JitConnect')).toBe('deny');
    expect(assume(issuer, 'JitHub', 'JitRevoke')).toBe('deny');
    expect(assume(issuer, 'JitHub', 'JitInventory')).toBe('deny');
  });

  it('let the revoker, the inventory and the provisioner take on theirs alone', () => {
    const as = (name: string): Principal => ({ ...issuer, roleArn: hubRole(name) });
    expect(assume(as('JitHubRevoke'), 'JitHubRevoke', 'JitRevoke')).toBe('allow');
    expect(assume(as('JitHubRevoke'), 'JitHubRevoke', 'JitConnect', lease)).toBe('deny');
    expect(assume(as('JitHubInventory'), 'JitHubInventory', 'JitInventory')).toBe('allow');
    expect(assume(as('JitHubInventory'), 'JitHubInventory', 'JitRevoke')).toBe('deny');
    expect(assume(as('JitHubProvision'), 'JitHubProvision', 'JitProvision')).toBe('allow');
    expect(assume(as('JitHubProvision'), 'JitHubProvision', 'JitConnect', lease)).toBe('deny');
    expect(assume(as('JitHubInventory'), 'JitHubInventory', 'JitProvision')).toBe('deny');
  });

  it('let a lease start the granted session on an enrolled gateway, and no other', () => {
    const [gateway] = catalog.gateways;
    const start = (documentName: string, tags = gateway?.selector) =>
      evaluateStartSession({
        principal: {
          arn: `arn:aws:sts::${account}:assumed-role/JitConnect/jit-${grantId}`,
          accountId: account,
          userId: `AROAEXAMPLE:jit-${grantId}`,
          tags: { GrantId: grantId, Team: 'platform' },
        },
        identityPolicies: [managed('JitConnectPermissions')],
        boundary: managed('JitConnectBoundary'),
        sessionPolicy: renderLease({
          grantId,
          accountId: account,
          region: 'eu-west-1',
          instanceId: 'i-0123456789abcdef0',
          documentName: 'jit-fwd-bc4e4cb1',
          leaseEndsAt: Date.parse('2026-11-21T12:02:00Z'),
        }),
        target: { arn: `arn:aws:ec2:eu-west-1:${account}:instance/i-0123456789abcdef0`, tags },
        documentArn: `arn:aws:ssm:eu-west-1:${account}:document/${documentName}`,
        defaultDocumentArn: `arn:aws:ssm:eu-west-1:${account}:document/SSM-SessionManagerRunShell`,
        unnamedDocument: 'legacy',
        context: { 'aws:CurrentTime': '2026-11-21T12:01:00Z' },
      }).decision;
    expect(start('jit-fwd-bc4e4cb1')).toBe('allow');
    expect(start('jit-fwd-72958265')).toBe('deny');
    expect(start('jit-fwd-bc4e4cb1', { ...gateway?.selector, AccessGranted: 'false' })).toBe('deny');
  });

  it('leave the revoker unable to start and the inventory unable to end', () => {
    const can = (name: string, action: string, resource: string) =>
      evaluate({
        principal: { arn: spokeRole(name), accountId: account },
        identityPolicies: [inlineOf(role(spoke, name))],
        request: { action, resource, context: {} },
      }).decision;
    const session = `arn:aws:ssm:eu-west-1:${account}:session/jit-${grantId}-0a1b`;
    const foreign = `arn:aws:ssm:eu-west-1:${account}:session/operator-0a1b`;
    const instance = `arn:aws:ec2:eu-west-1:${account}:instance/i-0123456789abcdef0`;
    expect(can('JitRevoke', 'ssm:TerminateSession', session)).toBe('allow');
    expect(can('JitRevoke', 'ssm:DescribeSessions', '*')).toBe('allow');
    expect(can('JitRevoke', 'ssm:TerminateSession', foreign)).toBe('deny');
    expect(can('JitRevoke', 'ssm:StartSession', instance)).toBe('deny');
    expect(can('JitInventory', 'ec2:DescribeInstances', '*')).toBe('allow');
    expect(can('JitInventory', 'ssm:TerminateSession', session)).toBe('deny');
    expect(can('JitInventory', 'ec2:CreateTags', instance)).toBe('deny');
  });
});
