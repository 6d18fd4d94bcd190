import { describe, expect, it } from 'vitest';
import {
  evaluate,
  leaseSessionName,
  PolicyInputError,
  readRevokedGrants,
  renderConnectBoundary,
  renderConnectPermissions,
  renderLease,
  renderRevokedGrants,
  renderRevokePermissions,
  revokedGrantsMax,
  type RevokedGrants,
} from '../index.ts';

const accountId = '111122223333';
const region = 'eu-west-1';
const instanceId = 'i-0123456789abcdef0';
const documentName = 'jit-fwd-7f3a9c21';
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };
const grantId = (end: string) => `grt_01JZ8Q4T7M3N5P6R8S9V0W1X2${end}`;
const revoked = grantId('Y');
const issuedAt = Date.parse('2026-11-21T12:00:30Z');
const instance = `arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`;
const session = (grant: string) =>
  `arn:aws:ssm:${region}:${accountId}:session/${leaseSessionName(grant)}-0a1b2c3d4e5f60718`;

/** Whether the lease of a grant may still do what it was issued for. */
function may(grant: string, action: string, resource: string, deny: RevokedGrants): boolean {
  const denied = renderRevokedGrants(deny);
  return (
    evaluate({
      principal: {
        arn: `arn:aws:sts::${accountId}:assumed-role/JitConnect/${leaseSessionName(grant)}`,
        accountId,
        userId: `AROAEXAMPLEID:${leaseSessionName(grant)}`,
        tags: { GrantId: grant, Team: 'platform' },
      },
      identityPolicies: [
        renderConnectPermissions({ accountId, enrolmentTags, instanceConnect: true }),
        ...(denied === undefined ? [] : [denied]),
      ],
      boundary: renderConnectBoundary({ accountId }),
      sessionPolicy: renderLease({
        ...{ grantId: grant, accountId, region, instanceId, documentName },
        leaseEndsAt: Date.parse('2026-11-21T12:02:00Z'),
      }),
      request: {
        action,
        resource: { arn: resource, tags: { ...enrolmentTags, 'jit-team': 'platform' } },
        context: {
          'aws:CurrentTime': '2026-11-21T12:01:00Z',
          'aws:TokenIssueTime': new Date(issuedAt).toISOString().replace('.000', ''),
          'ssm:SessionDocumentAccessCheck': 'true',
        },
      },
    }).decision === 'allow'
  );
}

const uses = (grant: string): [string, string][] => [
  ['ssm:StartSession', instance],
  ['ssm:StartSession', `arn:aws:ssm:${region}:${accountId}:document/${documentName}`],
  ['ssm:ResumeSession', session(grant)],
  ['ssmmessages:OpenDataChannel', session(grant)],
  ['ssm:TerminateSession', session(grant)],
];
const nothing = { grantIds: [], issuedBefore: null };

describe('the leases of a revoked grant', () => {
  it.each(uses(revoked))('lose %s on %s', (action, resource) => {
    expect(may(revoked, action, resource, nothing)).toBe(true);
    expect(may(revoked, action, resource, { ...nothing, grantIds: [revoked] })).toBe(false);
    expect(may(revoked, action, resource, { ...nothing, grantIds: [grantId('A'), revoked] })).toBe(false);
  });

  it('are the only ones that lose anything, though hundreds are denied', () => {
    const letters = [...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'];
    const others = letters.flatMap((first) =>
      letters.slice(0, 7).map((second) => `grt_01JZ8Q4T7M3N5P6R8S9V0W1X${first}${second}`),
    );
    const grantIds = [revoked, ...others.filter((id) => id !== revoked).slice(0, revokedGrantsMax - 1)];
    const decoys = letters.map((end) => `grt_11JZ8Q4T7M3N5P6R8S9V0W1X2${end}`);
    for (const decoy of decoys)
      for (const [action, resource] of uses(decoy))
        expect(may(decoy, action, resource, { grantIds, issuedBefore: null })).toBe(true);
    for (const [action, resource] of uses(revoked))
      expect(may(revoked, action, resource, { grantIds, issuedBefore: null })).toBe(false);
  });

  it('end with everything issued before an instant, where there are too many to name; later ones do not', () => {
    for (const [action, resource] of uses(grantId('B'))) {
      expect(may(grantId('B'), action, resource, { ...nothing, issuedBefore: issuedAt + 1_000 })).toBe(false);
      expect(may(grantId('B'), action, resource, { ...nothing, issuedBefore: issuedAt })).toBe(true);
    }
  });
});

describe('the list of revoked grants', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => `grt_01JZ8Q4T7M3N5P6R8S9V0${String(n).padStart(5, '0')}`);

  it('fits an inline policy at its longest, and is refused beyond', () => {
    const longest = renderRevokedGrants({ grantIds: many(revokedGrantsMax), issuedBefore: issuedAt });
    expect(JSON.stringify(longest).length).toBeLessThan(10_240);
    expect(() => renderRevokedGrants({ grantIds: many(revokedGrantsMax + 1), issuedBefore: null })).toThrow(
      PolicyInputError,
    );
  });

  it('is no policy when it is empty, and takes no pattern for an id', () => {
    expect(renderRevokedGrants(nothing)).toBeUndefined();
    for (const id of ['*', 'grt_*', `${revoked}?`, '${aws:userid}'])
      expect(() => renderRevokedGrants({ grantIds: [id], issuedBefore: null })).toThrow(PolicyInputError);
  });

  it('is read back as it was written, and nobody else’s policy is', () => {
    const list = { grantIds: many(3), issuedBefore: issuedAt };
    expect(readRevokedGrants(renderRevokedGrants(list))).toEqual(list);
    expect(readRevokedGrants(renderRevokedGrants({ ...list, issuedBefore: null }))).toEqual({
      ...list,
      issuedBefore: null,
    });
    for (const foreign of [null, {}, 'text', { Statement: [] }, { ...renderRevokedGrants(list), Id: 'x' }])
      expect(readRevokedGrants(foreign)).toBeUndefined();
  });
});

describe('the revoking role', () => {
  const connect = `arn:aws:iam::${accountId}:role/jit/JitConnect`;
  const boundaryArn = `arn:aws:iam::${accountId}:policy/jit/JitConnectBoundary`;
  const can = (action: string, resource: string, boundary = boundaryArn) =>
    evaluate({
      principal: { arn: `arn:aws:sts::${accountId}:assumed-role/JitRevoke/revoker`, accountId },
      identityPolicies: [renderRevokePermissions({ accountId, connectRole: { arn: connect, boundaryArn } })],
      request: { action, resource, context: { 'iam:PermissionsBoundary': boundary } },
    }).decision === 'allow';

  it('writes inline policies of the connecting role under its boundary, and changes nothing else of IAM', () => {
    for (const action of ['iam:PutRolePolicy', 'iam:DeleteRolePolicy']) {
      expect(can(action, connect)).toBe(true);
      expect(can(action, connect, `${boundaryArn}Wider`)).toBe(false);
      expect(can(action, `${connect}2`)).toBe(false);
      expect(can(action, connect.replace('JitConnect', 'JitRevoke'))).toBe(false);
    }
    for (const action of [
      'iam:AttachRolePolicy',
      'iam:DetachRolePolicy',
      'iam:DeleteRolePermissionsBoundary',
      'iam:PutRolePermissionsBoundary',
      'iam:UpdateAssumeRolePolicy',
      'iam:PassRole',
      'sts:AssumeRole',
    ])
      expect(can(action, connect)).toBe(false);
    expect(can('iam:CreatePolicyVersion', boundaryArn)).toBe(false);
  });

  it('gains nothing for leases by whatever it writes: the boundary stays', () => {
    const written = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const get = (action: string, resource: string) =>
      evaluate({
        principal: {
          arn: `arn:aws:sts::${accountId}:assumed-role/JitConnect/${leaseSessionName(revoked)}`,
          accountId,
          tags: { GrantId: revoked },
        },
        identityPolicies: [written],
        boundary: renderConnectBoundary({ accountId }),
        request: { action, resource, context: {} },
      }).decision;
    for (const [action, resource] of [
      ['iam:PutRolePolicy', connect],
      ['ssm:SendCommand', instance],
      ['s3:GetObject', 'arn:aws:s3:::a/b'],
      ['ssm:StartSession', `arn:aws:ssm:${region}::document/AWS-StartSSHSession`],
    ] as const)
      expect(get(action, resource)).toBe('deny');
  });
});
