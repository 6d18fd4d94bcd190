import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TerminateSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BoxedShells, webHost } from './harness/boxed-shells.ts';

const plain = {
  name: 'web-1-plain',
  kind: 'shell',
  title: 'Shell without encryption',
  description: 'For tests.',
  environment: 'staging',
  team: 'web',
  gateway: 'web-1',
  runAs: 'web-ops',
  login: true,
  commands: [
    { name: 'greet', run: `sh -c 'echo hello; echo trouble >&2; exit 7'` },
    { name: 'mirror', run: `sh -c 'stty -echo; exec cat'` },
  ],
  encryption: 'none',
  logs: 'none',
  connectable: true,
  recording: { recorded: false, statement: 'Nothing that is shown is recorded.' },
};

describe('shells and commands over Session Manager, from a lease', { timeout: 60_000 }, () => {
  let box: BoxedShells;
  beforeAll(async () => {
    box = await BoxedShells.start({ resources: [plain] });
  }, 60_000);
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    box.order = null;
  });

  it('e3 Run As: a shell runs as the account of the grant, encrypted, logged, and ends with exit', async () => {
    const opened = await box.open('web-1-shell', { purpose: 'shell' });
    await opened.shows(/\$ $/);
    expect(opened.events).toEqual(['ready encrypted:true']);
    opened.type('echo "as $USER"; stty size\r');
    await opened.shows(/as web-ops\r\n30 100\r\n/);
    opened.shell.resize({ cols: 80, rows: 24 });
    opened.type('stty size\r');
    await opened.shows(/24 80/);
    opened.type('exit\r');
    expect(await opened.shell.ended).toMatchObject({ reason: 'client_exit', problem: null, exitCode: null });
    const trail = await box.cloud.trail();
    const stream = trail.find(({ eventName }) => eventName === 'CreateLogStream') as {
      requestParameters: { logGroupName: string; logStreamName: string };
    };
    expect(stream.requestParameters.logGroupName).toBe('/jit/shell');
    const { folder } = box.cloud.sandbox.installation;
    const file = join(folder, 'logs/cloudwatch/jit/shell', `${stream.requestParameters.logStreamName}.jsonl`);
    const { message } = JSON.parse(readFileSync(file, 'utf8')) as { message: string };
    expect(JSON.parse(message)).toMatchObject({ runAsUser: 'web-ops', target: { id: webHost } });
  });

  it('e3 Run As: an account that the instance does not have is told as that', async () => {
    const opened = await box.open('web-1-shell', { purpose: 'shell' }, { runAs: 'nobody-here' });
    const { problem } = await opened.shell.ended;
    expect(problem).toMatchObject({
      code: 'SESSION_ACCOUNT_MISSING',
      detail: 'The instance has no account nobody-here.',
    });
  });

  it('e4 KMS: a lease without kms:GenerateDataKey ends naming it, and shows nothing', async () => {
    const opened = await box.open('web-1-shell', { purpose: 'shell' }, { withoutKey: true });
    const { problem } = await opened.shell.ended;
    expect(problem).toMatchObject({
      code: 'SESSION_KEY_DENIED',
      detail: expect.stringContaining('kms:GenerateDataKey') as unknown,
    });
    expect(opened.output).toBe('');
  });

  it('e4 KMS: an instance without kms:Decrypt ends naming it', async () => {
    await box.cloud.control('PUT', `instances/${webHost}`, { mayDecrypt: false });
    const opened = await box.open('web-1-shell', { purpose: 'shell' });
    const { problem } = await opened.shell.ended;
    await box.cloud.control('PUT', `instances/${webHost}`, { mayDecrypt: true });
    expect(problem).toMatchObject({
      code: 'SESSION_KEY_DENIED',
      detail: expect.stringContaining('kms:Decrypt') as unknown,
    });
  });

  it.each(['shell', 'interactive', 'command'] as const)(
    'e4 KMS: never goes on in plain where the lease demands encryption and the instance does not (%s)',
    async (purpose) => {
      const command = purpose === 'shell' ? {} : { command: 'greet' };
      const opened = await box.open('web-1-plain', { purpose, ...command }, { demands: { encrypted: true } });
      expect(await opened.shell.ended).toMatchObject({
        reason: 'error',
        exitCode: null,
        problem: { code: 'SESSION_NOT_ENCRYPTED' },
      });
      expect([opened.output, opened.errorOutput, opened.events]).toEqual(['', '', []]);
    },
  );

  it('e4 KMS: asks for no other key than the one of the lease, whatever the instance names', async () => {
    const keyArn = 'arn:aws:kms:eu-west-1:222222222222:key/another';
    const opened = await box.open('web-1-shell', { purpose: 'shell' }, { demands: { keyArn } });
    const { problem } = await opened.shell.ended;
    expect(problem).toMatchObject({
      code: 'SESSION_KEY_DENIED',
      detail: 'The instance asks for another key than the granted one.',
    });
    expect([opened.output, opened.events]).toEqual(['', []]);
    const calls = await box.cloud.trail();
    const startedAt = calls.findLastIndex(({ eventName }) => eventName === 'StartSession');
    expect(calls.slice(startedAt).map(({ eventName }) => eventName)).not.toContain('GenerateDataKey');
  });

  it('types to a command that says nothing before it is typed to', async () => {
    const opened = await box.open('web-1-plain', { purpose: 'interactive', command: 'mirror' });
    opened.type('anybody there?\r\u0004');
    await opened.shows(/anybody there\?\r\n/);
    expect(await opened.shell.ended).toMatchObject({ reason: 'client_exit', problem: null });
  });

  it('keeps both streams and the exit status of a listed command', async () => {
    const opened = await box.open('web-1-plain', { purpose: 'command', command: 'greet' });
    expect(await opened.shell.ended).toMatchObject({ exitCode: 7, problem: null });
    expect([opened.output, opened.errorOutput]).toEqual(['hello\n', 'trouble\n']);
  });

  it('is not opened by a client that cannot record it, where its lease demands a recording', async () => {
    const before = box.closed.length;
    await expect(box.open('audited-shell', { purpose: 'shell' })).rejects.toMatchObject({
      code: 'SESSION_RECORDING_UNAVAILABLE',
    });
    // Nothing was opened that would have to be closed.
    expect(box.closed).toHaveLength(before);
  });

  it('runs a command line where the resource takes any, encrypted', async () => {
    const commandLine = `sh -c 'id -un || true; exit 3'`;
    const opened = await box.open('web-1-shell', { purpose: 'command', commandLine });
    expect(await opened.shell.ended).toMatchObject({ exitCode: 3 });
    expect(opened.events).toEqual(['ready encrypted:true']);
    await expect(box.open('web-1-shell', { purpose: 'command' })).rejects.toMatchObject({
      code: 'SESSION_COMMAND_MISSING',
    });
  });

  it('goes on over a new channel with a fresh lease when its WebSocket is lost', async () => {
    const opened = await box.open('web-1-shell', { purpose: 'interactive', commandLine: 'echo on; cat' });
    await opened.shows(/on/);
    const leasesBefore = box.leases;
    await box.cloud.control('POST', 'events', { kill: { side: 'client', instanceId: webHost, how: 'bye' } });
    await opened.shows(/^reconnecting service_close/);
    await opened.shows(/^recovered/);
    opened.type('still here\r');
    await opened.shows(/still here\r\nstill here/);
    expect(box.leases).toBeGreaterThan(leasesBefore);
    expect(await opened.shell.close()).toMatchObject({ reason: 'client_exit', problem: null });
    const { sessions } = (await box.cloud.control('GET', 'state')) as { sessions: { state: string }[] };
    expect(sessions.map(({ state }) => state)).not.toContain('Connected');
  });

  it('ends with its session when somebody terminates that', async () => {
    const opened = await box.open('web-1-plain', { purpose: 'shell' });
    await opened.shows(/\$ $/);
    const { sessions } = (await box.cloud.control('GET', 'state')) as {
      sessions: { id: string; state: string }[];
    };
    const [SessionId, ...others] = sessions.flatMap(({ id, state }) => (state === 'Connected' ? [id] : []));
    expect(others).toEqual([]);
    const { accessKeyId, secretAccessKey, sessionToken } = opened.shell.lease!.credentials;
    const keys = { accessKeyId, secretAccessKey, sessionToken };
    await box.cloud.ssm(keys).send(new TerminateSessionCommand({ SessionId: SessionId! }));
    expect(await opened.shell.ended).toMatchObject({ reason: 'client_exit', order: null, exitCode: null });
  });

  it('ends with its grant', async () => {
    const opened = await box.open('web-1-plain', { purpose: 'shell' });
    await opened.shows(/\$ $/);
    box.order = { code: 'GRANT_ENDED', reason: 'revoked', comment: 'enough' };
    box.hint();
    expect(await opened.shell.ended).toMatchObject({ reason: 'revoked', order: { comment: 'enough' } });
    expect(box.closed.at(-1)).toMatchObject({ reason: 'revoked' });
  });
});
