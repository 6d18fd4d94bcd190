import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  ListTagsForResourceCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canIsolate } from '../src/instances/programs/isolation.ts';
import { bastion, region, RunningSandbox, type Keys } from './rig/running-sandbox.ts';
import { dataKeysOf } from './rig/data-keys.ts';
import { SmallShell } from './rig/small-shell.ts';
import { writeWorld } from './world/written-world.ts';

const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-1111-2222-3333-444455556666';
const account = 'workloads';
/** Outside EC2. */
const node = 'mi-0c3344556677889a1';

/** A document of the account: a shell with these preferences. */
function aShell(name: string, inputs: object) {
  return {
    account,
    region,
    name,
    content: { schemaVersion: '1.0', sessionType: 'Standard_Stream', inputs },
  };
}

const { folder, worldFile } = writeWorld({
  base: 'usual',
  keys: [keyArn],
  instanceChanges: { [bastion]: { users: ['ec2-user', 'web-ops'] } },
  instances: [
    {
      ...{ id: node, account, region, zone: 'eu-west-1a', name: 'cellar', address: '10.9.0.1', online: true },
      tags: { 'jit-managed': 'true', site: 'cellar' },
    },
  ],
  documents: [
    aShell('as-web-ops', { runAsEnabled: true, runAsDefaultUser: 'web-ops' }),
    aShell('as-nobody-known', { runAsEnabled: true, runAsDefaultUser: 'gone' }),
    aShell('as-nobody', { runAsEnabled: true, runAsDefaultUser: '' }),
    aShell('encrypted', {
      kmsKeyId: keyArn,
      cloudWatchLogGroupName: '/jit/shell',
      s3BucketName: 'logs',
      s3KeyPrefix: 'a/b',
    }),
    aShell('profiled', { shellProfile: { linux: 'echo profile of $USER' } }),
  ],
  principals: [
    {
      name: 'sheller',
      user: { account, name: 'sheller' },
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: [
              'ssm:StartSession',
              'ssm:TerminateSession',
              'ssm:ResumeSession',
              'ssmmessages:OpenDataChannel',
            ],
            Resource: '*',
          },
          {
            Effect: 'Allow',
            Action: 'kms:GenerateDataKey',
            Resource: keyArn,
            Condition: { StringEquals: { 'kms:EncryptionContext:aws:ssm:TargetId': bastion } },
          },
        ],
      },
    },
  ],
});

let cloud: RunningSandbox;
let keys: Keys;
beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile });
  keys = cloud.key('sheller');
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const shellOf = (DocumentName?: string) => ({ Target: bastion, ...(DocumentName && { DocumentName }) });

/** Processes of this machine whose environment or working folder names this sandbox's accounts, by their command lines. */
function leftOf(marker: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        readlinkSync(`/proc/${pid}/exe`);
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(marker) && Number(pid) !== process.pid ? [line] : [];
      } catch {
        return []; // it ended meanwhile, or is the kernel's
      }
    });
}

describe('a shell of an emulated instance', { timeout: 60_000 }, () => {
  it('runs in a real terminal of the agent’s account, with sizes, signals and UTF-8', async () => {
    using shell = await SmallShell.start(cloud, keys, shellOf());
    await shell.shows(/\$ $/);
    shell.type('echo "user $(id -un) $USER"; stty size; tty | cut -c1-9; echo grüße ✓; hostname\r');
    await shell.shows(/30 100\r\n\/dev\/pts\/\r\ngrüße ✓\r\n/);
    if (canIsolate()) await shell.shows(/user ssm-user ssm-user\r\n[\s\S]*bastion-a/);
    else await shell.shows(/user \w+ ssm-user/);
    shell.shell.resize({ cols: 132, rows: 43 }, performance.now());
    // The size and what is typed go their own ways: it is waited for.
    shell.type('until [ "$(stty size)" = "43 132" ]; do sleep 0.1; done; stty size\r');
    await shell.shows(/43 132\r\n/);
    // It says itself that it runs: its line is echoed before the terminal is its own, and Ctrl-C would miss it.
    shell.type("sh -c 'echo runs-$((40+2)); exec sleep 1000'\r");
    await shell.shows(/runs-42\r\n/);
    shell.type('\x03');
    // The prompt is back: before that, Ctrl-D could still be thrown away with what was typed ahead.
    await shell.shows(/\^C[\s\S]*\$ $/);
    shell.type('\x04');
    expect(await shell.closed).toEqual({ cause: 'channel-closed', output: '' });
    expect(shell.ready).toMatchObject({ type: undefined, encrypted: false });
  });

  it('types the profile of the preferences', async () => {
    using shell = await SmallShell.start(cloud, keys, shellOf('profiled'));
    await shell.shows(/profile of ssm-user/);
  });

  it('runs as the account that Run As names, in a home of its own', async () => {
    using shell = await SmallShell.start(cloud, keys, shellOf('as-web-ops'));
    await shell.shows(/\$ /);
    shell.type('echo at:$HOME:$USER; id -un; touch here\r');
    await shell.shows(/at:\S*home\/web-ops:web-ops\r\n/);
    if (canIsolate()) await shell.shows(/\r\nweb-ops\r\n/);
    shell.type('exit\r');
    await shell.closed;
    const home = join(cloud.sandbox.installation.folder, 'instances', bastion, 'home', 'web-ops');
    expect(readdirSync(home)).toContain('here');
  });

  it.each([
    ['as-nobody-known', 'failed to start pty since RunAs user gone does not exist'],
    ['as-nobody', 'please set the RunAs default user'],
  ])('fails with the agent’s words where the account is missing (%s)', async (document, reason) => {
    using shell = await SmallShell.start(cloud, keys, shellOf(document));
    const { output } = await shell.closed;
    expect(output).toBe(`\n----------ERROR-------\nUnable to start shell: ${reason}`);
  });

  it('ends with all it started when its session is terminated', async () => {
    using shell = await SmallShell.start(cloud, keys, shellOf());
    await shell.shows(/\$ /);
    shell.type('(setsid sleep 98765 &) ; sleep 98765\r');
    await expect.poll(() => leftOf('sleep 98765').length, { timeout: 30_000 }).toBeGreaterThan(0);
    await cloud.ssm(keys).send(new TerminateSessionCommand({ SessionId: shell.sessionId }));
    await shell.closed;
    const left = () => leftOf('sleep 98765').filter((line) => canIsolate() || !line.startsWith('sleep'));
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
  });
});

describe('a node outside EC2', { timeout: 60_000 }, () => {
  it('is found with its tags by the inventory, not by EC2, and runs shells', async () => {
    const inventory = await cloud.inSpoke('inventory');
    const ssm = cloud.ssm(inventory);
    const Filters = [
      { Key: 'ResourceType', Values: ['ManagedInstance'] },
      { Key: 'tag:site', Values: ['cellar'] },
    ];
    const { InstanceInformationList } = await ssm.send(new DescribeInstanceInformationCommand({ Filters }));
    expect(InstanceInformationList?.map(({ InstanceId }) => InstanceId)).toEqual([node]);
    const { TagList } = await ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'ManagedInstance', ResourceId: node }),
    );
    expect(TagList).toContainEqual({ Key: 'site', Value: 'cellar' });
    const { Reservations = [] } = await cloud.ec2(inventory).send(new DescribeInstancesCommand({}));
    expect(JSON.stringify(Reservations)).not.toContain(node);
    using shell = await SmallShell.start(cloud, keys, { Target: node });
    await shell.shows(/\$ /);
  });
});

describe('commands of the AWS documents', { timeout: 60_000 }, () => {
  const command = (name: string, line: string) => ({
    Target: bastion,
    DocumentName: name,
    Parameters: { command: [line] },
  });

  it('without a terminal keeps both streams and the exit status', async () => {
    const line = `sh -c 'echo out; echo err >&2; test -t 0 || echo no terminal; exit 7'`;
    using shell = await SmallShell.start(cloud, keys, command('AWS-StartNonInteractiveCommand', line));
    expect(await shell.closed).toEqual({ cause: 'channel-closed', output: '' });
    expect([shell.output, shell.errorOutput, shell.exit]).toEqual(['out\nno terminal\n', 'err\n', 7]);
  });

  it('without a terminal is not run by a shell, and hears Ctrl-C', async () => {
    using shell = await SmallShell.start(
      cloud,
      keys,
      command('AWS-StartNonInteractiveCommand', 'echo $HOME ;'),
    );
    await shell.closed;
    expect(shell.output).toBe('$HOME ;\n');
    const trap = `sh -c 'trap "echo caught; exit 9" INT; echo up; while :; do sleep 0.1; done'`;
    using caught = await SmallShell.start(cloud, keys, command('AWS-StartNonInteractiveCommand', trap));
    await caught.shows(/up/);
    caught.type('\x03');
    await caught.closed;
    expect([caught.output, caught.exit]).toEqual(['up\ncaught\n', 9]);
  });

  it('with a terminal is run by a shell', async () => {
    const line = 'test -t 1 && read answer && echo "got $answer"';
    using shell = await SmallShell.start(
      cloud,
      keys,
      command('AWS-StartInteractiveCommand', `echo ask; ${line}`),
    );
    await shell.shows(/ask/);
    shell.type('yes\r');
    expect(await shell.closed).toEqual({ cause: 'channel-closed', output: '' });
    expect(shell.output).toBe('ask\r\nyes\r\ngot yes\r\n');
  });

  it('hands on megabytes unchanged', async () => {
    const line = `sh -c 'yes 0123456789abcdef | head -c 3000000'`;
    using shell = await SmallShell.start(cloud, keys, command('AWS-StartNonInteractiveCommand', line));
    await shell.closed;
    expect(shell.output.length).toBe(3_000_000);
    expect(shell.output.replaceAll('0123456789abcdef\n', '').length).toBeLessThan(17);
    expect(shell.exit).toBe(0);
  });
});

describe('a shell encrypted by KMS', { timeout: 60_000 }, () => {
  it('is encrypted end to end, and logged where its document says', async () => {
    const dataKeys = dataKeysOf(cloud, keys);
    using shell = await SmallShell.start(cloud, keys, shellOf('encrypted'), {
      dataKeys,
      demandsEncryption: true,
    });
    await shell.shows(/\$ /);
    shell.type('echo se""cret\r');
    await shell.shows(/\r\nsecret\r\n/);
    expect(shell.ready).toMatchObject({ type: 'Standard_Stream', encrypted: true });
    shell.type('exit\r');
    await shell.closed;
    const logs = join(cloud.sandbox.installation.folder, 'logs');
    const stream = join(logs, 'cloudwatch', 'jit', 'shell', `${shell.sessionId}.jsonl`);
    expect(JSON.parse(readFileSync(stream, 'utf8'))).toMatchObject({
      message: expect.stringContaining('\nsecret\n') as unknown,
    });
    expect(readFileSync(join(logs, 's3', 'logs', 'a', 'b', `${shell.sessionId}.log`), 'utf8')).toContain(
      'secret\r\n',
    );
    const trail = await cloud.trail();
    const named = trail.map(({ eventName }) => eventName);
    for (const name of ['GenerateDataKey', 'Decrypt', 'CreateLogStream', 'PutLogEvents', 'PutObject'])
      expect(named).toContain(name);
    const decrypt = trail.find(({ eventName }) => eventName === 'Decrypt') as {
      requestParameters: { encryptionContext: Record<string, string> };
    };
    expect(decrypt.requestParameters.encryptionContext).toMatchObject({
      'aws:ssm:SessionId': shell.sessionId,
      'aws:ssm:TargetId': bastion,
    });
    expect(JSON.stringify(trail)).not.toContain('Plaintext');
  });

  it('is kept nowhere where the role of the instance may not write, which CloudTrail alone tells', async () => {
    await cloud.control('PUT', `instances/${bastion}`, { mayLog: false });
    const before = (await cloud.trail()).length;
    const dataKeys = dataKeysOf(cloud, keys);
    using shell = await SmallShell.start(cloud, keys, shellOf('encrypted'), { dataKeys });
    await shell.shows(/\$ /);
    shell.type('exit\r');
    expect(await shell.closed).toMatchObject({ cause: 'channel-closed' });
    await cloud.control('PUT', `instances/${bastion}`, { mayLog: true });
    const logs = join(cloud.sandbox.installation.folder, 'logs');
    expect(existsSync(join(logs, 'cloudwatch', 'jit', 'shell', `${shell.sessionId}.jsonl`))).toBe(false);
    expect(existsSync(join(logs, 's3', 'logs', 'a', 'b', `${shell.sessionId}.log`))).toBe(false);
    const writing = ['CreateLogStream', 'PutLogEvents', 'PutObject'];
    const calls = (await cloud.trail()).slice(before);
    expect(
      calls.flatMap(({ eventName, errorCode }) =>
        writing.includes(String(eventName)) ? [`${String(eventName)} ${String(errorCode)}`] : [],
      ),
    ).toEqual(['CreateLogStream AccessDenied', 'PutObject AccessDenied']);
  });

  it('is not started where the client may not have a data key for that target', async () => {
    const dataKeys = dataKeysOf(cloud, keys, { 'aws:ssm:TargetId': 'i-0d7e3f4a5b6c72839' });
    using shell = await SmallShell.start(cloud, keys, shellOf('encrypted'), { dataKeys });
    const end = await shell.closed;
    expect(end.cause).toBe('session-key-denied');
    expect(end.output).toContain('AccessDeniedException');
    expect(end.output).toContain('kms:GenerateDataKey');
  });

  it('is not started where the instance may not decrypt, and names that right', async () => {
    await cloud.control('PUT', `instances/${bastion}`, { mayDecrypt: false });
    const dataKeys = dataKeysOf(cloud, keys);
    using shell = await SmallShell.start(cloud, keys, shellOf('encrypted'), { dataKeys });
    const end = await shell.closed;
    await cloud.control('PUT', `instances/${bastion}`, { mayDecrypt: true });
    expect(end.cause).toBe('channel-closed');
    expect(end.output).toMatch(/Error when decrypting data key AccessDeniedException: .* kms:Decrypt/);
  });

  it('is not started with a data key of another session', async () => {
    const dataKeys = dataKeysOf(cloud, keys, { 'aws:ssm:SessionId': 'another-session' });
    using shell = await SmallShell.start(cloud, keys, shellOf('encrypted'), { dataKeys });
    expect((await shell.closed).output).toContain('InvalidCiphertextException');
  });

  it('is demanded in vain of an instance that does not encrypt, and nothing is shown', async () => {
    using shell = await SmallShell.start(cloud, keys, shellOf(), { demandsEncryption: true });
    expect((await shell.closed).cause).toBe('encryption-demanded');
    expect(shell.output).toBe('');
  });
});
