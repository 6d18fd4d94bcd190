import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rmSync } from 'node:fs';
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bastion, refusal, region, RunningSandbox, runner, type Keys } from './rig/running-sandbox.ts';
import { writeWorld } from './world/written-world.ts';

/** One line of OpenSSH's form for an Ed25519 or RSA key. */
function lineOf(key: KeyObject): string {
  const { kty, x, n, e } = key.export({ format: 'jwk' });
  const kind = kty === 'OKP' ? 'ssh-ed25519' : 'ssh-rsa';
  const number = (text: string) => Buffer.concat([Buffer.from([0]), Buffer.from(text, 'base64url')]);
  const fields = kty === 'OKP' ? [Buffer.from(x!, 'base64url')] : [Buffer.from(e!, 'base64url'), number(n!)];
  const blob = [Buffer.from(kind), ...fields].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${kind} ${Buffer.concat(blob).toString('base64')}`;
}

const ed25519 = lineOf(generateKeyPairSync('ed25519').publicKey);

let cloud: RunningSandbox;
/** Somebody who may push keys for one user to one gateway, and to an instance that does not exist. */
const pusher = {
  name: 'pusher',
  user: { account: 'workloads', name: 'pusher' },
  policy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'ec2-instance-connect:SendSSHPublicKey',
        Resource: [bastion, 'i-0123456789abcdef0'].map((id) => `arn:aws:ec2:*:111122223333:instance/${id}`),
        Condition: { StringEquals: { 'ec2:osuser': 'ec2-user' } },
      },
    ],
  },
};
const { folder, worldFile } = writeWorld({ base: 'usual', principals: [pusher] });

beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile });
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

type Input = Partial<ConstructorParameters<typeof SendSSHPublicKeyCommand>[0]>;

function push(keys: Keys, input: Input = {}, inRegion = region) {
  const { endpoint } = cloud.sandbox;
  return new EC2InstanceConnectClient({ region: inRegion, endpoint, credentials: keys, maxAttempts: 1 }).send(
    new SendSSHPublicKeyCommand({
      InstanceId: bastion,
      InstanceOSUser: 'ec2-user',
      SSHPublicKey: ed25519,
      AvailabilityZone: 'eu-west-1a',
      ...input,
    }),
  );
}

const foundFor = async (user = 'ec2-user') =>
  (await cloud.control('GET', `instances/${bastion}/pushed-keys/${user}`)).keys;

describe('Instance Connect', () => {
  it('puts a key into the metadata of the instance for that user, without its comment', async () => {
    const answer = await push(cloud.key('pusher'), { SSHPublicKey: `${ed25519} somebody@somewhere` });
    expect(answer.Success).toBe(true);
    expect(await foundFor()).toContain(ed25519);
    expect(await foundFor('admin')).toEqual([]);
  });

  it('forgets a key after 60 s by the clock of the cloud', async () => {
    await push(cloud.key('pusher'));
    try {
      await cloud.control('POST', 'clock', { advanceSeconds: 59 });
      expect(await foundFor()).toEqual([ed25519]);
      await cloud.control('POST', 'clock', { advanceSeconds: 1 });
      expect(await foundFor()).toEqual([]);
    } finally {
      await cloud.control('POST', 'clock', { offsetSeconds: 0 });
    }
  });

  it('takes RSA keys of 2,048 to 4,096 bits', async () => {
    const rsa = (bits: number) => lineOf(generateKeyPairSync('rsa', { modulusLength: bits }).publicKey);
    expect((await push(cloud.key('pusher'), { SSHPublicKey: rsa(2048) })).Success).toBe(true);
    expect(await refusal(push(cloud.key('pusher'), { SSHPublicKey: rsa(1024) }))).toBe(
      'InvalidArgsException',
    );
  });

  it.each<[string, Input, string]>([
    [
      'a key of another kind',
      { SSHPublicKey: `ecdsa-sha2-nistp256 ${'A'.repeat(136)}` },
      'InvalidArgsException',
    ],
    [
      'a key that is cut short',
      { SSHPublicKey: ed25519.slice(0, -1) + 'x'.repeat(8) },
      'InvalidArgsException',
    ],
    ['two keys at once', { SSHPublicKey: `${ed25519}\n${ed25519}` }, 'InvalidArgsException'],
    ['no key', { SSHPublicKey: 'ssh-ed25519' }, 'InvalidArgsException'],
    ['a user name with a slash', { InstanceOSUser: '../root' }, 'InvalidArgsException'],
    ['an instance id that is none', { InstanceId: 'mi-0b5c1d2e3f4a50617' }, 'InvalidArgsException'],
    ['another zone', { AvailabilityZone: 'eu-west-1b' }, 'EC2InstanceNotFoundException'],
    ['an unknown instance', { InstanceId: 'i-0123456789abcdef0' }, 'EC2InstanceNotFoundException'],
    ['a user who is not permitted', { InstanceOSUser: 'root' }, 'AccessDeniedException'],
    ['an instance that is not permitted', { InstanceId: runner }, 'AccessDeniedException'],
  ])('refuses %s', async (_what, input, code) => {
    expect(await refusal(push(cloud.key('pusher'), input))).toBe(code);
    if (input.InstanceOSUser === 'root') expect(await foundFor('root')).toEqual([]);
  });

  it('refuses a caller who has no permission, and a region that is not the instance’s', async () => {
    expect(await refusal(push(cloud.key('operator')))).toBe('AccessDeniedException');
    expect(await refusal(push(cloud.key('pusher'), {}, 'us-east-1'))).toBe('EC2InstanceNotFoundException');
  });

  it('leaves a record of who pushed which key for whom', async () => {
    await push(cloud.key('pusher'));
    await refusal(push(cloud.key('operator')));
    const records = (await cloud.trail()).filter(({ eventName }) => eventName === 'SendSSHPublicKey');
    expect(records.at(-2)).toMatchObject({
      eventSource: 'ec2-instance-connect.amazonaws.com',
      readOnly: false,
      requestParameters: { instanceId: bastion, osUser: 'ec2-user', SSHKey: { publicKey: ed25519 } },
    });
    expect(records.at(-1)).toMatchObject({ errorCode: 'AccessDeniedException' });
  });
});
