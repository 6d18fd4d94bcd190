import { describe, expect, it } from 'vitest';
import {
  evaluate,
  leaseTags,
  partitionOf,
  PolicyInputError,
  renderConnectBoundary,
  renderConnectPermissions,
  renderConnectTrust,
  renderLease,
  selfCheckLease,
  sessionPolicyText,
  type LeaseInput,
  type RequestContext,
} from '../index.ts';

const accountId = '111122223333';
const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const instanceId = 'i-0123456789abcdef0';
const nodeId = 'mi-0123456789abcdef0';
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };
const tags = { ...enrolmentTags, 'jit-team': 'web' };
const leaseEndsAt = Date.parse('2026-11-21T12:02:00Z');
const before = '2026-11-21T12:01:59Z';
const after = '2026-11-21T12:02:00Z';
const keyId = '11111111-2222-3333-4444-555555555555';

interface Scene {
  readonly region: string;
  readonly partition: string;
  readonly arn: (service: string, rest: string) => string;
  readonly may: (
    lease: LeaseInput,
    action: string,
    resource: string,
    context?: RequestContext,
    theirs?: typeof tags,
  ) => boolean;
}

function sceneIn(region: string): Scene {
  const partition = partitionOf(region);
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${accountId}:${rest}`;
  return {
    ...{ region, partition, arn },
    may: (lease, action, resource, context = {}, theirs = tags) =>
      evaluate({
        principal: {
          arn: `arn:${partition}:sts::${accountId}:assumed-role/JitConnect/jit-${grantId}`,
          accountId,
          userId: `AROAEXAMPLEID:jit-${grantId}`,
          tags: { GrantId: grantId, Team: 'web', SSMSessionRunAs: 'web-ops' },
        },
        identityPolicies: [
          renderConnectPermissions({
            ...{ accountId, partition, enrolmentTags },
            ...{ instanceConnect: true, hybridNodes: true, sessionKeyArn: arn('kms', `key/${keyId}`) },
          }),
        ],
        boundary: renderConnectBoundary({ accountId, partition }),
        sessionPolicy: renderLease(lease),
        request: {
          action,
          resource: /instance\//.test(resource) ? { arn: resource, tags: theirs } : resource,
          context: { 'aws:CurrentTime': before, 'ssm:SessionDocumentAccessCheck': true, ...context },
        },
      }).decision === 'allow',
  };
}

const documents = [
  ...['jit-port-5432', 'jit-port-5433', 'jit-ssh-22', 'jit-ssh-2222', 'jit-shell-0a1b2c3d'],
  ...['jit-shell-ffffffff', 'jit-command-0a1b2c3d', 'jit-interactive-0a1b2c3d', 'SSM-SessionManagerRunShell'],
];

/** Every target, document and key push that a lease admits, among the decoys. */
function admitted({ arn, may, partition, region }: Scene, lease: LeaseInput, at = before): string[] {
  const context = { 'aws:CurrentTime': at };
  const start = (resource: string, name: string) =>
    may(lease, 'ssm:StartSession', resource, context) ? [name] : [];
  const targets = [arn('ec2', `instance/${instanceId}`), arn('ec2', 'instance/i-0123456789abcdef1')]
    .concat(arn('ssm', `managed-instance/${nodeId}`), arn('ssm', 'managed-instance/mi-0123456789abcdef1'))
    .flatMap((target) => start(target, target.split('/')[1] ?? ''));
  const mine = documents.flatMap((name) => start(arn('ssm', `document/${name}`), name));
  const amazon = ['AWS-StartSSHSession', 'AWS-StartInteractiveCommand', 'AWS-StartNonInteractiveCommand'];
  const theirs = amazon.flatMap((name) => start(`arn:${partition}:ssm:${region}::document/${name}`, name));
  const pushes = ['web-ops', 'web-ops2', 'ec2-user', 'ubuntu', 'ssm-user', 'root'].flatMap((user) =>
    [instanceId, 'i-0123456789abcdef1'].flatMap((id) =>
      may(lease, 'ec2-instance-connect:SendSSHPublicKey', arn('ec2', `instance/${id}`), {
        ...context,
        'ec2:osuser': user,
      })
        ? [`key for ${user} on ${id}`]
        : [],
    ),
  );
  return [...targets, ...mine, ...theirs, ...pushes];
}

describe.each(['eu-west-1', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1'])('in %s', (region) => {
  const scene = sceneIn(region);
  const base = { grantId, accountId, region, instanceId, leaseEndsAt };
  const port: LeaseInput = { ...base, documentName: 'jit-port-5432' };
  const ssh: LeaseInput = { ...base, documentName: 'jit-ssh-22', osUser: 'web-ops' };
  const keyArn = scene.arn('kms', `key/${keyId}`);
  const shell: LeaseInput = { ...base, documentName: 'jit-shell-0a1b2c3d', keyArn };
  const node: LeaseInput = { ...base, instanceId: nodeId, documentName: 'jit-ssh-22' };

  it('a lease to a port of the instance opens that port of that instance (5.5)', () => {
    expect(admitted(scene, port)).toEqual([instanceId, 'jit-port-5432']);
    expect(admitted(scene, port, after)).toEqual([]);
  });

  it('a lease for SSH also pushes keys for its one user on its one instance (5.7)', () => {
    expect(admitted(scene, ssh)).toEqual([instanceId, 'jit-ssh-22', `key for web-ops on ${instanceId}`]);
    expect(admitted(scene, ssh, after)).toEqual([]);
  });

  it('a lease to a node outside EC2 starts there and pushes no key', () => {
    expect(admitted(scene, node)).toEqual([nodeId, 'jit-ssh-22']);
    expect(() => renderLease({ ...node, osUser: 'web-ops' })).toThrow(PolicyInputError);
  });

  it('a lease for a shell opens that shell on that instance (5.8)', () => {
    expect(admitted(scene, shell)).toEqual([instanceId, 'jit-shell-0a1b2c3d']);
    expect(admitted(scene, shell, after)).toEqual([]);
  });

  describe('the key of the shell', () => {
    const context = {
      'kms:EncryptionContext:aws:ssm:TargetId': instanceId,
      'kms:EncryptionContext:aws:ssm:SessionId': `jit-${grantId}-0a1b`,
      'kms:EncryptionContextKeys': ['aws:ssm:SessionId', 'aws:ssm:TargetId', 'aws:ssm:RandomChallenge'],
    };
    const use = (
      over: RequestContext = {},
      { action = 'GenerateDataKey', key = keyArn, lease = shell } = {},
    ) => scene.may(lease, `kms:${action}`, key, { ...context, ...over });

    it('makes data keys for sessions on the instance of the lease, with or without a challenge', () => {
      expect(use()).toBe(true);
      expect(use({ 'kms:EncryptionContextKeys': ['aws:ssm:SessionId', 'aws:ssm:TargetId'] })).toBe(true);
    });

    it.each<[string, boolean]>([
      ['of another instance', use({ 'kms:EncryptionContext:aws:ssm:TargetId': 'i-0123456789abcdef1' })],
      ['with further words in the context', use({ 'kms:EncryptionContextKeys': ['aws:ssm:TargetId', 'x'] })],
      ['after the lease', use({ 'aws:CurrentTime': after })],
      ['by another key', use({}, { key: scene.arn('kms', `key/${keyId.replace('5555', '5556')}`) })],
      ['by the key of another region', use({}, { key: keyArn.replace(region, 'ap-south-1') })],
      ['to be decrypted', use({}, { action: 'Decrypt' })],
      ['without the plaintext', use({}, { action: 'GenerateDataKeyWithoutPlaintext' })],
      ['by a lease to a port', use({}, { lease: port })],
      ['by a lease for SSH', use({}, { lease: ssh })],
    ])('makes none %s', (_, allowed) => {
      expect(allowed).toBe(false);
    });

    it('makes none without a context', () => {
      expect(scene.may(shell, 'kms:GenerateDataKey', keyArn)).toBe(false);
    });
  });

  it.each([
    ['a port', port],
    ['SSH', ssh],
    ['a shell', shell],
    ['a node', node],
  ])('the self-check passes the lease for %s, and STS takes its length', (_, lease) => {
    const sessionPolicy: unknown = JSON.parse(sessionPolicyText(renderLease(lease)));
    const check = { lease, sessionPolicy, team: 'web', instanceTags: tags, enrolmentTags };
    expect(selfCheckLease({ ...check, now: leaseEndsAt - 60_000 })).toEqual({ ok: true, failures: [] });
  });

  it('the self-check stops a lease whose key serves every instance', () => {
    const policy = renderLease(shell);
    const Statement = [
      ...policy.Statement,
      { Effect: 'Allow' as const, Action: 'kms:GenerateDataKey', Resource: keyArn },
    ];
    const check = { lease: shell, team: 'web', instanceTags: tags, enrolmentTags, now: leaseEndsAt - 60_000 };
    expect(selfCheckLease({ ...check, sessionPolicy: { ...policy, Statement } }).failures).toEqual([
      'it can make a data key for a sibling instance',
      'it can make a data key after its end',
    ]);
  });

  it('an instance of another team is refused by the role', () => {
    const foreign = { ...tags, 'jit-team': 'data' };
    expect(
      scene.may(shell, 'ssm:StartSession', scene.arn('ec2', `instance/${instanceId}`), {}, foreign),
    ).toBe(false);
    expect(
      scene.may(node, 'ssm:StartSession', scene.arn('ssm', `managed-instance/${nodeId}`), {}, foreign),
    ).toBe(false);
  });
});

describe('whom sessions run as', () => {
  it('is a session tag beside grant and team', () => {
    expect(leaseTags({ grantId, team: 'web', runAs: 'web-ops' })).toEqual([
      { Key: 'GrantId', Value: grantId },
      { Key: 'Team', Value: 'web' },
      { Key: 'SSMSessionRunAs', Value: 'web-ops' },
    ]);
    expect(leaseTags({ grantId, team: 'web', runAs: null })).toHaveLength(2);
  });

  it.each(['root', 'toor', 'ssm-user', 'Root', 'a b', '-x', '${aws:userid}', ''])('is never %s', (runAs) => {
    expect(() => leaseTags({ grantId, team: 'web', runAs })).toThrow(PolicyInputError);
  });

  it('is demanded of the role too, whoever holds the issuer', () => {
    const trust = JSON.stringify(
      renderConnectTrust({
        principalArn: 'arn:aws:iam::999988887777:role/jit/JitHub',
        externalId: 'spoke-1',
        organisationId: null,
      }),
    );
    expect(trust).toContain('"aws:RequestTag/SSMSessionRunAs":["root","toor","ssm-user"]');
  });
});
