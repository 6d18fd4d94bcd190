import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { parseHostError, parseHostFacts, parseOutcomes, renderOsUsersDocument } from '@sallyport/catalog';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canIsolate } from '../src/instances/programs/isolation.ts';
import { refusal, RunningSandbox } from './rig/running-sandbox.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const document = renderOsUsersDocument(sha256);
const host = 'i-0a1b2c3d4e5f60718';
const person = 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const other = 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2Z';

describe.skipIf(!canIsolate())('Run Command and accounts of people (needs root)', () => {
  let cloud: RunningSandbox;
  let ssm: SSMClient;
  beforeAll(async () => {
    cloud = await RunningSandbox.start();
    ssm = cloud.ssm(await cloud.inSpoke('provisioner'));
  }, 60_000);
  afterAll(() => cloud[Symbol.asyncDispose]());

  const send = (parameters: Record<string, string> = {}, over: object = {}) =>
    ssm.send(
      new SendCommandCommand({
        InstanceIds: [host],
        DocumentName: document.name,
        DocumentHash: document.sha256,
        DocumentHashType: 'Sha256',
        Parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, [value]])),
        ...over,
      }),
    );
  async function run(parameters: Record<string, string> = {}) {
    const { Command } = await send(parameters);
    const asked = new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: host });
    const ended = async () => ((await ssm.send(asked)).ResponseCode ?? -1) >= 0;
    await expect.poll(ended, { timeout: 30_000, interval: 50 }).toBe(true);
    return ssm.send(asked);
  }
  const facts = async () => parseHostFacts((await run()).StandardOutputContent ?? '');
  const told = (end: { StandardOutputContent?: string | undefined }) =>
    parseHostFacts(end.StandardOutputContent ?? '').own;
  const apply = async (...steps: string[]) => {
    const expected = sha256((await facts()).text);
    const end = await run({ action: 'apply', expect: expected, steps: steps.join(' ') });
    return { end, outcomes: parseOutcomes(end.StandardOutputContent ?? '', steps) };
  };

  it('makes, locks and gives back an account by the real tools, without a key and with a home of its own', async () => {
    const create = `create:ada:21000:/bin/sh:tty:${person}`;
    const { end, outcomes } = await apply(create);
    expect(end).toMatchObject({ Status: 'Success', ResponseCode: 0 });
    expect(outcomes).toEqual([{ step: create, failed: null }]);
    expect(told(end)).toMatchObject([{ name: 'ada', uid: 21_000, personId: person, state: 'open' }]);
    const locked = await apply(`lock:ada:${person}`);
    expect(told(locked.end)).toMatchObject([{ name: 'ada', state: 'locked' }]);
    const back = await apply(`unlock:ada:/bin/sh:-:${person}`);
    expect(told(back.end)).toMatchObject([{ name: 'ada', uid: 21_000, state: 'open' }]);
  }, 60_000);

  it('does not touch what is not the account of that person, and says so of each step', async () => {
    const steps = [
      `lock:web-ops:${person}`,
      `lock:root:${person}`,
      `lock:ada:${other}`,
      `create:eve:0999:/bin/sh:-:${other}`,
      `create:eve:21000:/bin/sh:-:${other}`,
      `create:eve:21001:/bin/nosuch:-:${other}`,
      `create:web-ops:21001:/bin/sh:-:${other}`,
    ];
    const before = await facts();
    const { end, outcomes } = await apply(...steps);
    expect(end.Status).toBe('Failed');
    expect(outcomes).toEqual(steps.map((step) => ({ step, failed: expect.any(Number) as number })));
    expect(parseHostFacts(end.StandardOutputContent ?? '').text).toBe(before.text);
    const unfit = await run({ action: 'apply', expect: '0'.repeat(64), steps: `lock:ada:${person}` });
    expect(unfit).toMatchObject({ Status: 'Failed', ResponseCode: 73 });
    expect(parseHostError(unfit.StandardOutputContent ?? '')).toBe('changed');
    expect(parseHostFacts(unfit.StandardOutputContent ?? '').text).toBe(before.text);
  }, 60_000);

  it('tells of a host on which somebody filled their file of keys beyond measure', async () => {
    const folder = join(cloud.sandbox.installation.folder, 'instances', host, 'home', 'ada', '.ssh');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'authorized_keys'), 'x\n'.repeat(10_000_000));
    expect((await facts()).keyFiles).toMatchObject([{ owner: 'ada', keys: 500_000 }]);
  }, 60_000);

  it.each<[string, Record<string, string>]>([
    ['words of a shell', { action: "facts'; id; '" }],
    ['a step of no kind', { action: 'apply', steps: 'remove:ada' }],
    ['a step with a command in it', { action: 'apply', steps: `lock:$(id):${person}` }],
    ['another parameter', { commands: 'id' }],
  ])('refuses %s before the host hears of it', async (_, parameters) => {
    expect(await refusal(send(parameters))).toBe('InvalidParameters');
  });

  it.each<[string, object, string]>([
    ['a document of another content', { DocumentHash: '0'.repeat(64) }, 'InvalidDocument'],
    ['a shell script of its own', { DocumentName: 'AWS-RunShellScript' }, 'AccessDeniedException'],
    ['a host of nobody', { InstanceIds: ['i-0d7e3f4a5b6c72839'] }, 'AccessDeniedException'],
    ['a host that is not there', { InstanceIds: ['i-0123456789abcdef0'] }, 'AccessDeniedException'],
  ])('refuses %s', async (_, over, code) => {
    expect(await refusal(send({}, over))).toBe(code);
  });

  it('is for the provisioner alone, and keeps what was told out of the trail', async () => {
    for (const name of ['inventory', 'revoker'] as const) {
      const client = cloud.ssm(await cloud.inSpoke(name));
      const asked = client.send(new SendCommandCommand({ InstanceIds: [host], DocumentName: document.name }));
      expect(await refusal(asked)).toBe('AccessDeniedException');
    }
    expect(await refusal(ssm.send(new ListCommandInvocationsCommand({})))).toBe('AccessDeniedException');
    const lost = { CommandId: '01234567-89ab-4cde-8f01-23456789abcd', InstanceId: host };
    expect(await refusal(ssm.send(new GetCommandInvocationCommand(lost)))).toBe('InvocationDoesNotExist');
    const [record] = (await cloud.trail()).filter(({ eventName }) => eventName === 'SendCommand');
    expect(record).toMatchObject({
      requestParameters: { documentName: document.name, parameters: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
    });
  });
});
