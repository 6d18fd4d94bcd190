import { describe, expect, it } from 'vitest';
import { evaluate, PolicyInputError, renderOrganisationGuard, type Resource } from '../index.ts';

const input = {
  tagKeys: ['jit-managed', 'jit-team', 'ServerType', 'AccessGranted'],
  enrollers: ['arn:aws:iam::*:role/platform/JitEnroll'],
  revokers: ['arn:aws:iam::*:role/jit/JitRevoke'],
  deployers: ['arn:aws:iam::*:role/cdk-*-cfn-exec-role-*'],
  exempt: ['arn:aws:iam::*:role/platform/BreakGlass'],
};
const guard = renderOrganisationGuard(input);
const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
const role = (path: string) => `arn:aws:iam::111122223333:role/${path}`;
const deployer = role('cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1');
const gateway = {
  arn: 'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0',
  tags: { 'jit-managed': 'true' },
};
const document = 'arn:aws:ssm:eu-west-1:111122223333:document/jit-fwd-7f3a9c21';

/** An administrator of the account, below the guard: AWS attaches an Allow for everything beside it. */
function can(roleArn: string, action: string, resource: string | Resource, tagKeys?: string[]): string {
  return evaluate({
    principal: { arn: roleArn, accountId: '111122223333' },
    identityPolicies: [everything, guard],
    request: { action, resource, context: tagKeys === undefined ? {} : { 'aws:TagKeys': tagKeys } },
  }).decision;
}

describe('the guard of an organisation', () => {
  it.each(input.tagKeys)('leaves the tag %s to those who enrol and deploy', (key) => {
    expect(can(role('Admin'), 'ec2:CreateTags', gateway, ['Name', key])).toBe('deny');
    expect(can(role('Admin'), 'ec2:DeleteTags', gateway, [key])).toBe('deny');
    expect(can(role('platform/JitEnroll'), 'ec2:CreateTags', gateway, [key])).toBe('allow');
    expect(can(deployer, 'ec2:CreateTags', gateway, [key])).toBe('allow');
  });

  it('leaves other tags to everybody', () => {
    expect(can(role('Admin'), 'ec2:CreateTags', gateway, ['Name', 'cost-center'])).toBe('allow');
  });

  it('leaves documents, roles and policies of ours to the deployment', () => {
    for (const [action, resource] of [
      ['ssm:UpdateDocument', document],
      ['ssm:UpdateDocumentDefaultVersion', document],
      ['iam:PutRolePolicy', role('jit/JitConnect')],
      ['iam:DeleteRolePermissionsBoundary', role('jit/JitConnect')],
      ['iam:CreatePolicyVersion', 'arn:aws:iam::111122223333:policy/jit/JitConnectBoundary'],
    ] as const) {
      expect(can(role('Admin'), action, resource)).toBe('deny');
      expect(can(role('platform/JitEnroll'), action, resource)).toBe('deny');
      expect(can(deployer, action, resource)).toBe('allow');
    }
    expect(can(role('Admin'), 'iam:PutRolePolicy', role('app'))).toBe('allow');
  });

  it('lets the revoking role write inline policies of ours and nothing else', () => {
    const connect = role('jit/JitConnect');
    expect(can(role('jit/JitRevoke'), 'iam:PutRolePolicy', connect)).toBe('allow');
    expect(can(role('jit/JitRevoke'), 'iam:DeleteRolePolicy', connect)).toBe('allow');
    expect(can(role('jit/JitRevoke'), 'iam:DeleteRolePermissionsBoundary', connect)).toBe('deny');
    expect(can(role('jit/JitRevoke'), 'iam:AttachRolePolicy', connect)).toBe('deny');
    expect(can(role('jit/JitInventory'), 'iam:PutRolePolicy', connect)).toBe('deny');
  });

  it('shuts the side doors to enrolled instances only, and not for our roles', () => {
    for (const action of ['ssm:StartSession', 'ssm:SendCommand', 'ec2-instance-connect:SendSSHPublicKey']) {
      expect(can(role('Admin'), action, gateway)).toBe('deny');
      expect(can(role('platform/BreakGlass'), action, gateway)).toBe('allow');
      expect(can(role('Admin'), action, { ...gateway, tags: {} })).toBe('allow');
    }
    expect(can(role('jit/JitConnect'), 'ssm:StartSession', gateway)).toBe('allow');
  });

  it.each(['*', 'arn:aws:iam::*:role/*', 'arn:aws:iam::*:user/x', 'arn:aws:iam::*:root'])(
    'exempts no pattern such as %s',
    (pattern) => {
      expect(() => renderOrganisationGuard({ ...input, deployers: [pattern] })).toThrow(PolicyInputError);
    },
  );
});
