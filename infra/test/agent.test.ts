import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { joined } from '../parts/agent-user-data.ts';
import { settingsOf } from '../settings.ts';
import { propertiesOf, templatesOf } from './templates.ts';

const context = {
  agentControlPlane: 'https://sallyport.example',
  agentFrom: 's3://releases-of-ours/agent',
  agentFile: 'sallyport-agent.cjs',
  agentSha256: 'a'.repeat(64),
  agentVersion: '0.1.0',
  agentReleaseCidr: '10.9.0.0/24',
};

describe('a gateway of whole networks', () => {
  const { region } = templatesOf(context);
  const instances = Object.values(region.findResources('AWS::EC2::Instance')).map(
    (one) => one['Properties'] as { UserData?: string },
  );
  const scripts = instances.flatMap(({ UserData }) =>
    UserData === undefined ? [] : [Buffer.from(UserData, 'base64').toString()],
  );

  it('installs its agent by user data that bash can read and that hold no secret', () => {
    expect(scripts).toHaveLength(1);
    const [script = ''] = scripts;
    execFileSync('bash', ['-n'], { input: script });
    expect(script).toMatch(/^#!\/usr\/bin\/env bash\n/);
    expect(script).toContain("SALLYPORT_AGENT_FROM='s3://releases-of-ours/agent'");
    expect(script).toContain("SALLYPORT_JOIN_TOKEN=''");
    expect(script).toMatch(/SALLYPORT_JOIN_PARAMETER='\/sallyport\/agents\/[a-z0-9-]+\/join-token'/);
    expect(Buffer.byteLength(script)).toBeLessThan(16_384);
  });

  it('may read and remove its own join token and fetch the release, and no more than before', () => {
    const role = propertiesOf(region, 'AWS::IAM::Role');
    const [, companion] = role['Policies'] as { PolicyDocument: { Statement: object[] } }[];
    const parameter = scripts[0]?.match(/SALLYPORT_JOIN_PARAMETER='([^']+)'/)?.[1] ?? '';
    expect(companion?.PolicyDocument.Statement).toEqual([
      {
        Sid: 'OwnJoinToken',
        Effect: 'Allow',
        Action: ['ssm:GetParameter', 'ssm:DeleteParameter'],
        Resource: expect.stringMatching(
          new RegExp(`^arn:aws:ssm:eu-west-1:\\d{12}:parameter${parameter}$`),
        ) as string,
      },
      {
        Sid: 'Release',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: 'arn:aws:s3:::releases-of-ours/agent/sallyport-agent.cjs',
      },
    ]);
  });

  it('is let out to where the release lies', () => {
    const groups = Object.values(region.findResources('AWS::EC2::SecurityGroup'));
    expect(JSON.stringify(groups)).toContain('release of the companion agent');
  });

  it('has no user data and no further rights where no release is named, and half a release is refused', () => {
    const plain = templatesOf().region;
    expect(propertiesOf(plain, 'AWS::EC2::Instance')).not.toHaveProperty('UserData');
    expect(propertiesOf(plain, 'AWS::IAM::Role')['Policies']).toHaveLength(1);
    expect(() => settingsOf((key) => (key === 'agentFrom' ? context.agentFrom : undefined))).toThrow(
      /go together/,
    );
  });
});

it('keeps scripts apart that one instance runs, and tells when they are too long', () => {
  const both = joined(['#!/usr/bin/env bash\nset -e\necho one\nexit 0\n', '#!/usr/bin/env bash\necho two\n']);
  expect(execFileSync('bash', { input: both ?? '', encoding: 'utf8' })).toBe('one\ntwo\n');
  expect(joined([])).toBeUndefined();
  expect(() => joined(['x'.repeat(16_385)])).toThrow(/more than EC2 takes/);
});
