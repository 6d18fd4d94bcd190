import { describe, expect, it } from 'vitest';
import { evaluate, renderProvisionPermissions, type Principal } from '../index.ts';

const account = '111122223333';
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };
const tags = { ...enrolmentTags, 'jit-team': 'web' };
const provisioner: Principal = {
  arn: `arn:aws:sts::${account}:assumed-role/JitProvision/sallyport-provisioner`,
  roleArn: `arn:aws:iam::${account}:role/jit/JitProvision`,
  accountId: account,
  userId: 'AROAEXAMPLEID:sallyport-provisioner',
};
const host = `arn:aws:ec2:eu-west-1:${account}:instance/i-0123456789abcdef0`;
const node = `arn:aws:ssm:eu-west-1:${account}:managed-instance/mi-0123456789abcdef0`;
const document = (name: string, owner = account) => `arn:aws:ssm:eu-west-1:${owner}:document/${name}`;

const may = (
  action: string,
  resource: string,
  { resourceTags = undefined as Record<string, string> | undefined, hybridNodes = false } = {},
) => {
  const context = Object.fromEntries(
    Object.entries(resourceTags ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
  );
  const policy = renderProvisionPermissions({
    ...{ accountId: account, documentName: 'jit-os-users', enrolmentTags, hybridNodes },
  });
  return evaluate({
    principal: provisioner,
    identityPolicies: [policy],
    request: { action, resource, context },
  }).decision;
};

describe('the provisioning role', () => {
  it('runs its document on an enrolled host, and reads back what came of it', () => {
    expect(may('ssm:SendCommand', host, { resourceTags: tags })).toBe('allow');
    expect(may('ssm:SendCommand', document('jit-os-users'))).toBe('allow');
    expect(may('ssm:GetCommandInvocation', '*')).toBe('allow');
    expect(may('ssm:SendCommand', node, { resourceTags: tags, hybridNodes: true })).toBe('allow');
  });

  it.each<[string, string, string, Record<string, string> | undefined]>([
    ['a host that is not enrolled', 'ssm:SendCommand', host, { ServerType: 'runner' }],
    ['a host without tags', 'ssm:SendCommand', host, undefined],
    ['a host closed by its owner', 'ssm:SendCommand', host, { ...tags, AccessGranted: 'false' }],
    ['a node outside EC2, where there are none', 'ssm:SendCommand', node, tags],
    ['a host of another account', 'ssm:SendCommand', host.replace(account, '444455556666'), tags],
    ['any shell script', 'ssm:SendCommand', document('AWS-RunShellScript', ''), undefined],
    ['another document of ours', 'ssm:SendCommand', document('jit-os-users2'), undefined],
    [
      'a document of the same name elsewhere',
      'ssm:SendCommand',
      document('jit-os-users', '444455556666'),
      undefined,
    ],
    ['a bucket for the output', 'ssm:SendCommand', 'arn:aws:s3:::mine/x', undefined],
    ['a session', 'ssm:StartSession', host, tags],
    ['its own document, written anew', 'ssm:UpdateDocument', document('jit-os-users'), undefined],
    ['an automation', 'ssm:StartAutomationExecution', '*', undefined],
    ['a pushed key', 'ec2-instance-connect:SendSSHPublicKey', host, tags],
    ['a role', 'sts:AssumeRole', `arn:aws:iam::${account}:role/jit/JitConnect`, undefined],
    [
      'the end of sessions',
      'ssm:TerminateSession',
      `arn:aws:ssm:eu-west-1:${account}:session/jit-x`,
      undefined,
    ],
    ['other commands to be stopped', 'ssm:CancelCommand', '*', undefined],
  ])('does not get %s', (_, action, resource, resourceTags) => {
    expect(may(action, resource, { resourceTags })).toBe('deny');
  });

  it('is never rendered for text that is not of its form', () => {
    for (const documentName of ['*', 'AWS-RunShellScript', 'jit-*'])
      expect(() => renderProvisionPermissions({ accountId: account, documentName, enrolmentTags })).toThrow(
        expect.objectContaining({ field: 'documentName' }),
      );
  });
});
