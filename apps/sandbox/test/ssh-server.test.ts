import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canIsolate } from '../src/instances/programs/isolation.ts';
import { openChannel, signedHeaders, SmallTunnel } from './rig/channel-client.ts';
import { region, RunningSandbox } from './rig/running-sandbox.ts';
import { writeWorld } from './world/written-world.ts';

const web = 'i-0a1b2c3d4e5f60718';
const possible = canIsolate() && existsSync('/usr/sbin/sshd') && existsSync('/usr/bin/ssh');
const { folder, worldFile } = writeWorld({
  base: 'usual',
  principals: [
    {
      name: 'person',
      user: { account: 'workloads', name: 'person' },
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: [
              'ssm:StartSession',
              'ssmmessages:OpenDataChannel',
              'ec2-instance-connect:SendSSHPublicKey',
            ],
            Resource: '*',
          },
        ],
      },
    },
  ],
});

describe.skipIf(!possible)('the sshd of web-1', { timeout: 60_000 }, () => {
  let cloud: RunningSandbox;
  let keyFolder: string;
  beforeAll(async () => {
    cloud = await RunningSandbox.start({ worldFile });
    keyFolder = mkdtempSync(join(tmpdir(), 'sallyport-key-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keyFolder, 'key')]);
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    rmSync(keyFolder, { recursive: true, force: true });
  });

  /** Runs a command by ssh; its status and what it said. */
  async function ssh(user: string, command: string): Promise<{ status: number; said: string }> {
    const keys = cloud.key('person');
    const started = await cloud.ssm(keys).send(
      new StartSessionCommand({
        Target: web,
        DocumentName: 'AWS-StartPortForwardingSession',
        Parameters: { portNumber: ['22'] },
      }),
    );
    const socket = await openChannel(started.StreamUrl!, await signedHeaders(started.StreamUrl!, keys));
    await using tunnel = new SmallTunnel(socket, started.TokenValue!);
    const port = await tunnel.listen();
    const options = [
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile=${join(keyFolder, 'known')}`,
      'HostKeyAlias=web-1',
      'BatchMode=yes',
      'IdentitiesOnly=yes',
    ].flatMap((option) => ['-o', option]);
    const target = ['-F', 'none', '-i', join(keyFolder, 'key'), '-p', String(port), `${user}@127.0.0.1`];
    return await new Promise((resolve) => {
      execFile('ssh', [...options, ...target, command], { timeout: 40_000 }, (error, stdout) => {
        resolve({ status: error === null ? 0 : Number(error.code), said: stdout });
      });
    });
  }

  const push = (user: string) =>
    new EC2InstanceConnectClient({
      region,
      endpoint: cloud.sandbox.endpoint,
      credentials: cloud.key('person'),
    }).send(
      new SendSSHPublicKeyCommand({
        InstanceId: web,
        InstanceOSUser: user,
        SSHPublicKey: readFileSync(join(keyFolder, 'key.pub'), 'utf8'),
        AvailabilityZone: 'eu-west-1a',
      }),
    );

  it('lets in who has pushed a key, as that account of the instance, and passes on the exit status', async () => {
    expect((await ssh('web-ops', 'true')).status).toBe(255);
    await push('web-ops');
    expect(await ssh('web-ops', 'id -un; hostname; pwd; exit 7')).toEqual({
      status: 7,
      said: 'web-ops\nweb-1\n/home/web-ops\n',
    });
  });

  it('lets nobody in as root, and shows the host key that the tag of the instance names', async () => {
    await push('root');
    expect((await ssh('root', 'true')).status).toBe(255);
    const { items } = (await cloud.control('GET', 'instances')) as {
      items: { id: string; tags: Record<string, string> }[];
    };
    const named = items.find(({ id }) => id === web)?.tags['jit-host-key'];
    expect(readFileSync(join(keyFolder, 'known'), 'utf8').trim()).toBe(`web-1 ${named}`);
  });
});
