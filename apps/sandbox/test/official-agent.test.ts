import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import { readTranscript } from '@sallyport/ssm-protocol/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AgentTransport } from './rig/agent-transport.ts';
import { RecordedAgent } from './rig/recorded-agent.ts';
import { RunningSandbox } from './rig/running-sandbox.ts';

const worldFile = fileURLToPath(new URL('./world/attached.yaml', import.meta.url));
const recordings = new URL('../../../libs/ssm-protocol/transcripts/', import.meta.url);
const start = readTranscript(readFileSync(new URL('01-agent-start.jsonl', recordings), 'utf8'));
const patience = { timeout: 30_000 };

let cloud: RunningSandbox;
beforeAll(async () => {
  cloud = await RunningSandbox.start({
    worldFile,
    allowUnsigned: true,
    agentListen: { host: '127.0.0.1', port: 0 },
    messagePollMs: 50,
  });
});
afterAll(() => cloud[Symbol.asyncDispose]());

function transport(): AgentTransport {
  const [settings] = cloud.sandbox.agents;
  return new AgentTransport({
    endpoint: settings!.endpoint,
    region: settings!.region,
    caFile: settings!.environment['SSL_CERT_FILE']!,
    credentials: cloud.key('agent'),
  });
}

async function information() {
  const { InstanceInformationList } = await cloud
    .ssm(cloud.key('operator'))
    .send(new DescribeInstanceInformationCommand({}));
  return InstanceInformationList?.[0];
}

describe('the official agent, as recorded, over real sockets', () => {
  it('starts until idle: every call, its control channel and its first keep-alive are answered as recorded', async () => {
    expect((await information())?.PingStatus).toBe('ConnectionLost');
    const agent = new RecordedAgent(transport());
    await agent.play(start);
    expect(agent.differences).toEqual([]);
    expect(agent.played.slice(0, 7)).toEqual([
      'AmazonSSM.UpdateInstanceInformation',
      'POST /v1/control-channel/mi-0123456789abcdef0',
      'EC2WindowsMessageDeliveryService.GetMessages',
      'GET /v1/control-channel/mi-0123456789abcdef0?role=subscribe&stream=input',
      'text',
      'AmazonSSM.UpdateInstanceInformation',
      'EC2WindowsMessageDeliveryService.GetMessages',
    ]);
    expect(await information()).toMatchObject({
      PingStatus: 'Online',
      AgentVersion: '3.3.0.0',
      PlatformName: 'Debian GNU/Linux',
      PlatformVersion: '12',
      ComputerName: 'agent-host',
    });
    agent.leave();
    await vi.waitFor(async () => expect((await information())?.PingStatus).toBe('ConnectionLost'), patience);
  });

  it.each([
    ['answers 200 where an agent needs 201', { from: /^/, to: '', status: 200 }, '2 status'],
    ['answers JSON where an agent reads XML', { from: /^<.*$/, to: '{"TokenValue":"x"}' }, '2 body'],
    ['leaves the token out', { from: /<TokenValue>.*<\/TokenValue>/, to: '' }, '2 body'],
    ['adds what the agent did not get', { from: /^\{\}$/, to: '{"Messages":[]}' }, '1 body'],
  ])('finds out a gateway that %s', async (_name, defect, at) => {
    const agent = new RecordedAgent(transport(), (answer) => ({
      ...answer,
      status: 'status' in defect && answer.status === 201 ? 200 : answer.status,
      body: answer.body.replace(defect.from, defect.to),
    }));
    // Up to the answer of CreateControlChannel: nothing after it can go on without a token.
    await agent.play({ ...start, events: start.events.slice(0, 4) });
    expect(agent.differences.map((difference) => difference.at)).toContain(at);
    agent.leave();
  });
});
