import { describe, expect, it } from 'vitest';
import { evaluateAssumeRole, type AssumeRole, type Decision, type Principal } from '../index.ts';

const roleArn = 'arn:aws:iam::111122223333:role/app';
const callerArn = 'arn:aws:iam::999988887777:role/hub';
const foreign: Principal = {
  arn: 'arn:aws:sts::999988887777:assumed-role/hub/s',
  roleArn: callerArn,
  accountId: '999988887777',
};
const local: Principal = {
  arn: 'arn:aws:iam::111122223333:user/ana',
  accountId: '111122223333',
  userName: 'ana',
};

const policy = (statement: object) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', ...statement }],
});
const mayAssume = (...actions: string[]) => policy({ Action: actions, Resource: roleArn });
const trusting = (principal: unknown, ...actions: string[]) =>
  policy({ Principal: principal, Action: actions });

const assume = (over: Partial<AssumeRole> & { trust: unknown }): Decision =>
  evaluateAssumeRole({
    caller: foreign,
    callerPolicies: { identityPolicies: [mayAssume('sts:*')] },
    role: { arn: roleArn, accountId: '111122223333', trustPolicy: over.trust },
    roleSessionName: 's',
    ...over,
  });

describe('who a trust policy names', () => {
  it.each<[string, unknown, 'allow' | 'deny']>([
    ['the role of the session', { AWS: callerArn }, 'allow'],
    ['the session itself', { AWS: foreign.arn }, 'allow'],
    ['one of several', { AWS: ['arn:aws:iam::111122223333:role/x', callerArn] }, 'allow'],
    ['its account as ARN', { AWS: 'arn:aws:iam::999988887777:root' }, 'allow'],
    ['its account as number', { AWS: '999988887777' }, 'allow'],
    ['everybody', '*', 'allow'],
    ['everybody at AWS', { AWS: '*' }, 'allow'],
    ['another session of that role', { AWS: `${foreign.arn}2` }, 'deny'],
    ['another role', { AWS: 'arn:aws:iam::999988887777:role/other' }, 'deny'],
    ['another account', { AWS: '444455556666' }, 'deny'],
    ['a service', { Service: 'ec2.amazonaws.com' }, 'deny'],
  ])('%s', (_, principal, expected) => {
    expect(assume({ trust: trusting(principal, 'sts:AssumeRole') }).decision).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['a pattern', { AWS: 'arn:aws:iam::999988887777:role/*' }],
    ['a federation', { Federated: 'accounts.google.com' }],
    ['a canonical user', { CanonicalUser: 'x' }],
    ['nobody', {}],
    ['an empty list', { AWS: [] }],
    ['nothing', undefined],
    ['a number', { AWS: 999988887777 }],
  ])('is not understood when it is %s', (_, principal) => {
    expect(assume({ trust: trusting(principal, 'sts:AssumeRole') })).toMatchObject({
      decision: 'deny',
      kind: 'unsupported',
    });
  });

  it('admits a service that it names, without policies of the caller', () => {
    const caller: Principal = { arn: 'ecs', accountId: '', service: 'ecs-tasks.amazonaws.com' };
    const trust = trusting({ Service: 'ecs-tasks.amazonaws.com' }, 'sts:AssumeRole');
    expect(assume({ caller, callerPolicies: undefined, trust }).decision).toBe('allow');
    expect(assume({ caller: foreign, callerPolicies: undefined, trust }).decision).toBe('deny');
  });
});

describe('the policies of the caller', () => {
  const byName = trusting({ AWS: local.arn }, 'sts:AssumeRole');
  const byAccount = trusting({ AWS: '111122223333' }, 'sts:AssumeRole');

  it('are needed across accounts', () => {
    const trust = trusting({ AWS: callerArn }, 'sts:AssumeRole');
    expect(assume({ trust, callerPolicies: { identityPolicies: [] } })).toMatchObject({
      decision: 'deny',
      why: 'because no identity-based policy allows the sts:AssumeRole action',
    });
  });

  it('are not needed within the account when the trust names the caller, and are when it names the account', () => {
    const none = { caller: local, callerPolicies: { identityPolicies: [] } };
    expect(assume({ ...none, trust: byName }).decision).toBe('allow');
    expect(assume({ ...none, trust: byAccount }).decision).toBe('deny');
    expect(assume({ caller: local, trust: byAccount }).decision).toBe('allow');
  });

  it('win by an explicit deny, and by a boundary or session policy that does not allow', () => {
    const deny = { ...policy({ Action: '*', Resource: '*' }) };
    deny.Statement[0] = { ...deny.Statement[0], Effect: 'Deny' };
    expect(
      assume({ caller: local, callerPolicies: { identityPolicies: [deny] }, trust: byName }).decision,
    ).toBe('deny');
    const narrow = {
      identityPolicies: [mayAssume('sts:*')],
      boundary: policy({ Action: 's3:*', Resource: '*' }),
    };
    expect(assume({ caller: local, callerPolicies: narrow, trust: byName }).decision).toBe('deny');
  });
});

describe('session tags and source identity', () => {
  const all = trusting({ AWS: callerArn }, 'sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity');
  const bare = trusting({ AWS: callerArn }, 'sts:AssumeRole');
  const tags = { GrantId: 'x' };

  it.each<[string, Partial<AssumeRole>, string]>([
    ['tags', { tags }, 'sts:TagSession'],
    ['a source identity', { sourceIdentity: 'u-1' }, 'sts:SetSourceIdentity'],
  ])('%s need their own permission on both sides', (_, wanted, action) => {
    expect(assume({ ...wanted, trust: all }).decision).toBe('allow');
    expect(assume({ ...wanted, trust: bare })).toMatchObject({
      decision: 'deny',
      why: `because no resource-based policy allows the ${action} action`,
    });
    const callerPolicies = { identityPolicies: [mayAssume('sts:AssumeRole')] };
    expect(assume({ ...wanted, trust: all, callerPolicies })).toMatchObject({
      decision: 'deny',
      why: `because no identity-based policy allows the ${action} action`,
    });
  });

  it('are not asked for when the call has neither', () => {
    expect(assume({ trust: bare, tags: {} }).decision).toBe('allow');
  });
});
