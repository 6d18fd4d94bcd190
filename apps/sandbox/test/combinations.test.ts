import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  DescribeInstanceInformationCommand,
  DescribeSessionsCommand,
  ResumeSessionCommand,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { connectionsOf, readTranscript, recordOf, type Content } from '@sallyport/ssm-protocol/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { countedDigest, serveCountedBytes } from '../src/instances/backings/counted-bytes.ts';
import { AgentTransport } from './rig/agent-transport.ts';
import { openChannel, SmallTunnel } from './rig/channel-client.ts';
import { RecordedAgent } from './rig/recorded-agent.ts';
import { RecordedClient, RecordedDestinations } from './rig/recorded-client.ts';
import { RecordedSession } from './rig/recorded-session.ts';
import { RunningSandbox } from './rig/running-sandbox.ts';

/** Clients and agents of both makes in every combination, over one gateway and real sockets. */
const worldFile = fileURLToPath(new URL('./world/attached.yaml', import.meta.url));
const agentProgram = fileURLToPath(new URL('./rig/agent-process.ts', import.meta.url));
const recordings = new URL('../../../libs/ssm-protocol/transcripts/', import.meta.url);
const target = 'mi-0123456789abcdef0';
const patience = { timeout: 30_000 };
vi.setConfig({ testTimeout: 90_000 });
const transcript = (name: string) =>
  readTranscript(readFileSync(new URL(`${name}.jsonl`, recordings), 'utf8'));

const port = {
  DocumentName: 'AWS-StartPortForwardingSession',
  Parameters: { portNumber: ['7000'], localPortNumber: ['22022'] },
};
const toHost = (host: string, portNumber: string) => ({
  DocumentName: 'AWS-StartPortForwardingSessionToRemoteHost',
  Parameters: { host: [host], portNumber: [portNumber], localPortNumber: ['22022'] },
});
const scenarios = [
  ['02-port-mux', port],
  ['03-port-mux-parallel', port],
  ['05-remote-host', toHost('db.example.internal', '5432')],
  ['06-remote-host-denied', toHost('169.254.169.254', '80')],
  ['12-terminate', port],
] as const;

let cloud: RunningSandbox;
const children: ChildProcess[] = [];
const servers: Server[] = [];
beforeAll(async () => {
  cloud = await RunningSandbox.start({
    worldFile,
    allowUnsigned: true,
    agentListen: { host: '127.0.0.1', port: 0 },
    messagePollMs: 50,
  });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of servers) server.close();
  await cloud[Symbol.asyncDispose]();
});

const ssm = () => cloud.ssm(cloud.key('operator'));

async function pingStatusIs(wanted: string): Promise<void> {
  await vi.waitFor(async () => {
    const { InstanceInformationList } = await ssm().send(new DescribeInstanceInformationCommand({}));
    expect(InstanceInformationList?.[0]?.PingStatus).toBe(wanted);
  }, patience);
}

async function startSession(order: { DocumentName: string; Parameters: Record<string, readonly string[]> }) {
  const Parameters = Object.fromEntries(Object.entries(order.Parameters).map(([k, v]) => [k, [...v]]));
  const { SessionId, StreamUrl, TokenValue } = await ssm().send(
    new StartSessionCommand({ Target: target, DocumentName: order.DocumentName, Parameters }),
  );
  return { sessionId: SessionId!, url: StreamUrl!, token: TokenValue! };
}

/** A TCP port whose connections `serve` takes. */
async function destination(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function asRecorded(destinations: RecordedDestinations): (socket: Socket) => void {
  return (socket) =>
    void destinations.open().then((end) => {
      end.on('error', () => undefined);
      socket.pipe(end).pipe(socket);
    });
}

/** SHA-256 of the counted bytes that come back. */
function download(listening: number, length: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const digest = createHash('sha256');
    let left = length;
    const socket = connect(listening, '127.0.0.1', () => socket.write(`DOWN ${length}\n`));
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      digest.update(bytes);
      left -= bytes.length;
      if (left > 0) return;
      socket.destroy();
      resolve(digest.digest('hex'));
    });
  });
}

/** Starts an agent in a process of its own and waits until the gateway has it. Ends it when disposed. */
async function agentProcess(
  hosts: Record<string, number>,
): Promise<AsyncDisposable & { child: ChildProcess }> {
  const [settings] = cloud.sandbox.agents;
  const child = spawn(
    process.execPath,
    [
      '--conditions=development',
      agentProgram,
      '--configuration',
      settings!.configurationFile,
      '--hosts',
      JSON.stringify(hosts),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...settings!.environment } },
  );
  children.push(child);
  await pingStatusIs('Online');
  return {
    child,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await pingStatusIs('ConnectionLost');
    },
  };
}

function expectContent(bytes: Uint8Array, content: Content): void {
  if ('hex' in content) expect(Buffer.from(bytes).toString('hex')).toBe(content.hex);
  else
    expect({ length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }).toEqual({
      ...content,
    });
}

describe('the recorded official client with the recorded official agent', () => {
  it.each(scenarios)('get what they got from each other in %s', async (name, order) => {
    const transport = agentTransport();
    const agent = new RecordedAgent(transport);
    await agent.play(startUp);
    await pingStatusIs('Online');
    const recording = transcript(name);
    const session = new RecordedSession(transport, agent.socket('control-1'), recording);
    const { sessionId, url, token } = await startSession(order);
    const client = new RecordedClient(await openChannel(url));
    const playing = client.play(recording, token);
    const ordered = await session.ordered;
    expect(ordered).toMatchObject({
      SessionId: sessionId,
      DocumentName: order.DocumentName,
      DocumentContent: { schemaVersion: '1.0', sessionType: 'Port' },
      Parameters: Object.fromEntries(Object.entries(order.Parameters).map(([k, [v]]) => [k, v])),
      SessionOwner: cloud.sandbox.installation.principals.find((p) => p.name === 'operator')!.arn,
    });
    const worker = await session.work();
    await playing;
    if (name === '12-terminate') await ssm().send(new TerminateSessionCommand({ SessionId: sessionId }));
    const acknowledged = await session.complete();
    expect(acknowledged.length).toBe(name === '06-remote-host-denied' ? 2 : 1);
    for (const body of acknowledged)
      expect(body).toMatchObject({ SchemaVersion: 1, TaskId: sessionId, Topic: 'agent_task_complete' });
    const denied = name === '06-remote-host-denied';
    expect(await client.closed).toBe(denied ? 'Forwarding to IP address 169.254.169.254 is forbidden.' : '');
    expect(client.record.violations).toEqual([]);
    expect(worker.record.violations).toEqual([]);
    for (const stream of recordOf(recording, 'client').opened) {
      expect(client.record.bytes(stream)).toEqual(recordOf(recording, 'agent').bytes(stream));
      expect(worker.record.bytes(stream)).toEqual(recordOf(recording, 'client').bytes(stream));
    }
    const after = await transport.post(
      'ssmmessages',
      `/v1/data-channel/${sessionId}`,
      { 'content-type': 'application/json' },
      '{"MessageSchemaVersion":"1.0","RequestId":"0b22d0f8-8554-4267-a752-2e57373e61be","ClientId":""}',
    );
    expect(after.status).not.toBe(201);
    expect(after.body).toContain('Session is already terminated');
    const { Sessions } = await ssm().send(new DescribeSessionsCommand({ State: 'History' }));
    expect(Sessions?.[0]).toMatchObject({ SessionId: sessionId, Status: denied ? 'Failed' : 'Terminated' });
    agent.leave();
    await pingStatusIs('ConnectionLost');
  });
});

describe('our client with the recorded official agent', () => {
  it('exchanges what the official client did in 02-port-mux', async () => {
    const transport = agentTransport();
    const agent = new RecordedAgent(transport);
    await agent.play(startUp);
    await pingStatusIs('Online');
    const recording = transcript('02-port-mux');
    const session = new RecordedSession(transport, agent.socket('control-1'), recording);
    const { url, token } = await startSession(port);
    const working = session.work();
    await using tunnel = new SmallTunnel(await openChannel(url), token);
    const local = connect(await tunnel.listen(), '127.0.0.1');
    const [connection] = connectionsOf(recording);
    const wanted = connection!.down.length;
    const received: Buffer[] = [];
    const complete = Promise.withResolvers<void>();
    local.on('data', (bytes) => {
      received.push(bytes);
      if (Buffer.concat(received).length >= wanted) complete.resolve();
    });
    local.write(connection!.up);
    await complete.promise;
    expect(Buffer.concat(received)).toEqual(Buffer.from(connection!.down));
    local.end();
    tunnel.session.terminate(performance.now());
    await working;
    await session.complete();
    expect(await tunnel.closed).toMatchObject({ cause: 'channel-closed' });
    agent.leave();
    await pingStatusIs('ConnectionLost');
  });
});

describe('an agent in a process of its own, over its control channel', () => {
  /** What stands behind the agent's destinations in the test that runs. */
  let serve: (socket: Socket) => void;
  let agent: AsyncDisposable & { child: ChildProcess };
  beforeAll(async () => {
    const listening = await destination((socket) => serve(socket));
    agent = await agentProcess({ 'localhost:7000': listening, 'db.example.internal:5432': listening });
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  it.each(scenarios.filter(([name]) => name !== '06-remote-host-denied'))(
    'serves the recorded official client in %s',
    async (name, order) => {
      const recording = transcript(name);
      const destinations = new RecordedDestinations(recording);
      serve = asRecorded(destinations);
      const { sessionId, url, token } = await startSession(order);
      const client = new RecordedClient(await openChannel(url));
      await client.play(recording, token);
      if (name === '12-terminate') await ssm().send(new TerminateSessionCommand({ SessionId: sessionId }));
      expect(await client.closed).toBe('');
      expect(client.record.violations).toEqual([]);
      for (const [index, { name: connection }] of connectionsOf(recording).entries()) {
        const { sent, received } = recording.metadata.destination[connection]!;
        expectContent(destinations.received[index]!, received);
        expectContent(client.record.bytes(recordOf(recording, 'client').opened[index]), sent);
      }
    },
  );

  it('carries counted bytes for our client, through cuts of both its sockets', async () => {
    serve = (socket) => void serveCountedBytes(socket);
    const { sessionId, url, token } = await startSession(port);
    await using tunnel = new SmallTunnel(await openChannel(url), token);
    const length = 6_000_000;
    const downloading = download(await tunnel.listen(), length);
    await vi.waitFor(
      () => expect(tunnel.session.stats.streamBytesReceived).toBeGreaterThan(length / 20),
      patience,
    );
    await cloud.control('POST', 'events', { kill: { side: 'agent', sessionId } });
    await cloud.control('POST', 'events', { kill: { side: 'client', sessionId, how: 'reset' } });
    const resumed = await ssm().send(new ResumeSessionCommand({ SessionId: sessionId }));
    tunnel.reconnect(await openChannel(resumed.StreamUrl!), resumed.TokenValue!);
    expect(await downloading).toBe(countedDigest(length));
    await cloud.control('POST', 'events', { kill: { side: 'agent', sessionId, how: 'bye' } });
    expect(await download(await tunnel.listen(), 1000)).toBe(countedDigest(1000));
    tunnel.session.terminate(performance.now());
    expect(await tunnel.closed).toMatchObject({ cause: 'channel-closed' });
  });

  it('gives up at once on a session that ended before it came, and serves the next', async () => {
    agent.child.kill('SIGSTOP');
    const { sessionId } = await startSession(port);
    await ssm().send(new TerminateSessionCommand({ SessionId: sessionId }));
    agent.child.kill('SIGCONT');
    const { url, token } = await startSession(port);
    await using tunnel = new SmallTunnel(await openChannel(url), token);
    await tunnel.ready;
  });
});

describe('an agent that may not attach', () => {
  it('is refused with a text that makes it stop when the session is over or not its own', async () => {
    const answer = await agentTransport().post(
      'ssmmessages',
      '/v1/control-channel/i-0b5c1d2e3f4a50617',
      { 'content-type': 'application/json' },
      '{"MessageSchemaVersion":"1.0","RequestId":"0b22d0f8-8554-4267-a752-2e57373e61be"}',
    );
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('<AccessDeniedException>');
  });

  it('gets no channel with a token that was not issued', async () => {
    const socket = await agentTransport().open(`/v1/control-channel/${target}?role=subscribe&stream=input`);
    const closed = once(socket, 'close');
    socket.send(
      '{"Cookie":null,"MessageSchemaVersion":"1.0","TokenValue":"made-up","AgentVersion":"3.3.0.0"}',
    );
    expect((await closed)[0]).toBe(1003);
    await pingStatusIs('ConnectionLost');
  });

  it('leaves its instance unreachable', async () => {
    await expect(startSession(port)).rejects.toThrow(/not connected/);
  });
});

/** The recorded start up to the open control channel. */
const whole = transcript('01-agent-start');
const startUp = {
  ...whole,
  events: whole.events.slice(0, whole.events.findIndex(({ kind }) => kind === 'text') + 1),
};

function agentTransport(): AgentTransport {
  const [settings] = cloud.sandbox.agents;
  return new AgentTransport({
    endpoint: settings!.endpoint,
    region: settings!.region,
    caFile: settings!.environment['SSL_CERT_FILE']!,
    credentials: cloud.key('agent'),
  });
}
