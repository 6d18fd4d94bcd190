import { describe, expect, it } from 'vitest';
import {
  leaseEndPlaceholder,
  leaseSessionName,
  leaseSourceIdentity,
  leaseTags,
  PolicyInputError,
  previewLease,
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderHubPolicy,
  renderInventoryPermissions,
  renderLease,
  renderRevokePermissions,
  sessionPolicyText,
  type LeaseInput,
} from '../index.ts';

const aLease: LeaseInput = {
  grantId: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
  accountId: '111122223333',
  region: 'eu-west-1',
  instanceId: 'i-0123456789abcdef0',
  documentName: 'jit-fwd-7f3a9c21',
  leaseEndsAt: Date.parse('2026-11-21T12:02:00.999Z'),
};

describe('a lease policy', () => {
  it('names one instance, one document and one session prefix, and ends on the second', () => {
    expect(renderLease(aLease)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'ssm:StartSession',
          Resource: [
            'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0',
            'arn:aws:ssm:eu-west-1:111122223333:document/jit-fwd-7f3a9c21',
          ],
          Condition: {
            DateLessThan: { 'aws:CurrentTime': '2026-11-21T12:02:00Z' },
            BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' },
          },
        },
        {
          Effect: 'Allow',
          Action: ['ssmmessages:OpenDataChannel', 'ssm:ResumeSession'],
          Resource: [
            'arn:aws:ssm:eu-west-1:111122223333:session/jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y-*',
            'arn:aws:ssm:eu-west-1:111122223333:session/${aws:userid}-*',
          ],
          Condition: { DateLessThan: { 'aws:CurrentTime': '2026-11-21T12:02:00Z' } },
        },
        {
          Effect: 'Allow',
          Action: 'ssm:TerminateSession',
          Resource: [
            'arn:aws:ssm:eu-west-1:111122223333:session/jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y-*',
            'arn:aws:ssm:eu-west-1:111122223333:session/${aws:userid}-*',
          ],
        },
      ],
    });
  });

  it('names the one database user it may sign in as, until its end', () => {
    const databaseUser = { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'jit_readonly' };
    const plain = renderLease(aLease).Statement;
    expect(renderLease({ ...aLease, databaseUser: null }).Statement).toEqual(plain);
    expect(renderLease({ ...aLease, databaseUser }).Statement).toEqual([
      ...plain,
      {
        Effect: 'Allow',
        Action: 'rds-db:connect',
        Resource: 'arn:aws:rds-db:eu-west-1:111122223333:dbuser:db-ABCDEFGHIJKL/jit_readonly',
        Condition: { DateLessThan: { 'aws:CurrentTime': '2026-11-21T12:02:00Z' } },
      },
    ]);
  });

  it.each([
    { rdsResourceId: '*', name: 'jit_readonly' },
    { rdsResourceId: 'db-ABCDEFGHIJKL/jit_owner', name: 'jit_readonly' },
    { rdsResourceId: 'db-ABCDEFGHIJKL', name: '*' },
    { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'jit_*' },
    { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'postgres' },
  ])('is refused for the database user %j', (databaseUser) => {
    expect(() => renderLease({ ...aLease, databaseUser })).toThrow(PolicyInputError);
  });

  it('fits into an AssumeRole call', () => {
    const databaseUser = { rdsResourceId: `cluster-${'A'.repeat(40)}`, name: `jit_${'x'.repeat(28)}` };
    expect(sessionPolicyText(renderLease({ ...aLease, databaseUser })).length).toBeLessThan(1500);
  });

  it('can be shown before it is issued, with a placeholder for its end', () => {
    const { leaseEndsAt: _, ...scope } = aLease;
    expect(JSON.stringify(previewLease(scope))).toBe(
      JSON.stringify(renderLease(aLease)).replaceAll('2026-11-21T12:02:00Z', leaseEndPlaceholder),
    );
  });

  it.each<[keyof LeaseInput, LeaseInput[keyof LeaseInput]]>([
    ['grantId', '01JZ8Q4T7M3N5P6R8S9V0W1X2Y'],
    ['grantId', 'grt_*'],
    ['grantId', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y\n'],
    ['accountId', '*'],
    ['region', '*'],
    ['region', 'eu-west-1:111122223333:x'],
    ['instanceId', '*'],
    ['instanceId', 'i-0123456789abcdef?'],
    ['documentName', 'jit-*'],
    ['documentName', 'AWS-StartPortForwardingSession'],
    ['documentName', 'SSM-SessionManagerRunShell'],
    ['leaseEndsAt', Number.NaN],
    ['leaseEndsAt', Number.POSITIVE_INFINITY],
    ['leaseEndsAt', 0],
  ])('is refused when %s is %j', (field, value) => {
    expect(() => renderLease({ ...aLease, [field]: value })).toThrow(PolicyInputError);
  });
});

describe('names of a lease', () => {
  it('carry the grant and the person', () => {
    expect(leaseSessionName(aLease.grantId)).toBe('jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y');
    expect(leaseSourceIdentity('prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y')).toBe('u-prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y');
    expect(leaseTags({ grantId: aLease.grantId, team: 'platform' })).toEqual([
      { Key: 'GrantId', Value: aLease.grantId },
      { Key: 'Team', Value: 'platform' },
    ]);
  });
});

describe('role policies', () => {
  const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };

  it('demand the enrolment tags and the team of every instance', () => {
    const [start] = renderConnectPermissions({ accountId: '111122223333', enrolmentTags }).Statement;
    expect(start?.Condition?.StringEquals).toEqual({
      'aws:ResourceTag/jit-managed': 'true',
      'aws:ResourceTag/ServerType': 'bastion',
      'aws:ResourceTag/AccessGranted': 'true',
      'aws:ResourceTag/jit-team': '${aws:PrincipalTag/Team}',
    });
  });

  it('carry the document access check in every statement that allows StartSession', () => {
    const policies = [
      renderConnectPermissions({ accountId: '111122223333', enrolmentTags }),
      renderConnectBoundary({ accountId: '111122223333' }),
      renderLease(aLease),
    ];
    const allows = policies
      .flatMap((policy) => policy.Statement)
      .filter(({ Effect, Action }) => Effect === 'Allow' && [Action].flat().includes('ssm:StartSession'));
    expect(allows).toHaveLength(4);
    for (const statement of allows) {
      expect(statement.Condition?.BoolIfExists).toEqual({ 'ssm:SessionDocumentAccessCheck': 'true' });
    }
  });

  it('admit key push, database sign-in and KMS only when asked to, and KMS with its context keys', () => {
    const plain = renderConnectPermissions({ accountId: '111122223333', enrolmentTags });
    expect(plain.Statement.map(({ Sid }) => Sid)).toEqual([
      'StartOnEnrolledInstances',
      'OnlyOurDocuments',
      'OwnSessions',
    ]);
    const full = renderConnectPermissions({
      accountId: '111122223333',
      enrolmentTags,
      instanceConnect: true,
      databaseSignIn: true,
      sessionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    });
    expect(full.Statement.at(-2)).toEqual({
      Sid: 'SignInToDatabases',
      Effect: 'Allow',
      Action: 'rds-db:connect',
      Resource: 'arn:aws:rds-db:*:111122223333:dbuser:*/jit_*',
    });
    expect(full.Statement.at(-1)?.Condition).toEqual({
      'ForAllValues:StringEquals': {
        'kms:EncryptionContextKeys': ['aws:ssm:SessionId', 'aws:ssm:TargetId', 'aws:ssm:RandomChallenge'],
      },
      Null: { 'kms:EncryptionContextKeys': 'false' },
    });
  });

  it('refuse tags that IAM would read as patterns or variables', () => {
    for (const value of ['*', '${aws:userid}', 'a?b', '']) {
      expect(() =>
        renderConnectPermissions({ accountId: '111122223333', enrolmentTags: { x: value } }),
      ).toThrow(PolicyInputError);
    }
  });

  it('list spoke accounts one by one', () => {
    expect(() => renderHubPolicy({ purpose: 'issue', roleArns: [] })).toThrow(PolicyInputError);
    expect(() =>
      renderHubPolicy({ purpose: 'issue', roleArns: ['arn:aws:iam::*:role/jit/JitConnect'] }),
    ).toThrow(PolicyInputError);
  });

  it('trust a role, never an account', () => {
    const input = { externalId: 'spoke-1', organisationId: null };
    for (const principalArn of ['arn:aws:iam::999988887777:root', '999988887777', '*']) {
      expect(() => renderConnectTrust({ ...input, principalArn })).toThrow(PolicyInputError);
    }
  });

  it('give the revoker and the inventory nothing to start, and nothing to change but what is denied', () => {
    const accountId = '111122223333';
    const connectRole = {
      arn: `arn:aws:iam::${accountId}:role/jit/JitConnect`,
      boundaryArn: `arn:aws:iam::${accountId}:policy/jit/JitConnectBoundary`,
    };
    const policies = [
      renderRevokePermissions({ accountId, connectRole }),
      renderInventoryPermissions({ accountId }),
    ];
    const actions = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action ?? []));
    expect(actions).toEqual([
      'ssm:DescribeSessions',
      'ssm:TerminateSession',
      'iam:PutRolePolicy',
      'iam:DeleteRolePolicy',
      'iam:GetRolePolicy',
      'ec2:DescribeInstances',
      'ssm:DescribeInstanceInformation',
      'ssm:ListTagsForResource',
      'ssm:DescribeDocument',
      'ssm:GetDocument',
    ]);
  });

  it('let the inventory see log groups where shells log to some, and nothing that is in them (e5)', () => {
    const accountId = '111122223333';
    const plain = renderInventoryPermissions({ accountId }).Statement;
    const { Statement } = renderInventoryPermissions({ accountId, shellLogGroups: true });
    expect(Statement).toEqual([
      ...plain,
      {
        Sid: 'SeeLogGroups',
        Effect: 'Allow',
        Action: 'logs:DescribeLogGroups',
        Resource: `arn:aws:logs:*:${accountId}:log-group:*`,
      },
    ]);
  });
});
