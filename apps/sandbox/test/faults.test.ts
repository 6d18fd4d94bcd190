import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ResumeSessionCommand, StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { closeOf, openChannel, signedHeaders, SmallTunnel } from './rig/channel-client.ts';
import { bastion, refusal, RunningSandbox, transferWorld, type Keys } from './rig/running-sandbox.ts';

/** The losses that a client must live through, as tests of the product ask for them. */
const patience = { timeout: 30_000 };
let cloud: RunningSandbox;
beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile: transferWorld });
});
afterAll(() => cloud[Symbol.asyncDispose]());
afterEach(() => cloud.control('PUT', 'faults', {}));

interface Opened {
  readonly tunnel: SmallTunnel;
  readonly socket: WebSocket;
  readonly sessionId: string;
  readonly keys: Keys;
  readonly local: Socket;
}

async function echo(): Promise<Opened> {
  const keys = await cloud.lease('test-echo');
  const start = new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf('test-echo') });
  const { SessionId, StreamUrl, TokenValue } = await cloud.ssm(keys).send(start);
  const socket = await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys));
  const tunnel = new SmallTunnel(socket, TokenValue!);
  const local = connect(await tunnel.listen(), '127.0.0.1');
  local.on('error', () => undefined);
  return { tunnel, socket, sessionId: SessionId!, keys, local };
}

async function echoes(local: Socket, text: string): Promise<void> {
  local.write(text);
  const [bytes] = (await once(local, 'data')) as [Buffer];
  expect(String(bytes)).toBe(text);
}

async function resume({ tunnel, sessionId, keys }: Opened): Promise<void> {
  const resumed = await cloud.ssm(keys).send(new ResumeSessionCommand({ SessionId: sessionId }));
  const url = resumed.StreamUrl!;
  tunnel.reconnect(await openChannel(url, await signedHeaders(url, keys)), resumed.TokenValue!);
}

describe('a black hole', () => {
  it('answers no ping on the sockets it took, and lets a new socket of the session pass', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await echoes(opened.local, 'before');
    await cloud.control('PUT', 'faults', { blackHole: { sessionId: opened.sessionId } });
    await cloud.control('PUT', 'faults', {});
    let alive = false;
    opened.socket.on('pong', () => (alive = true));
    opened.socket.on('close', () => (alive = true));
    opened.socket.ping();
    opened.local.write('during');
    await resume(opened);
    const [bytes] = (await once(opened.local, 'data')) as [Buffer];
    expect(String(bytes)).toBe('during');
    expect(alive).toBe(false);
    opened.socket.terminate();
  });

  it('leaves upgrades without an answer while it stands for new sockets, of the instance it names', async () => {
    const { StreamUrl, keys } = await started();
    await cloud.control('PUT', 'faults', { blackHole: { instanceId: bastion, newSockets: true } });
    const headers = await signedHeaders(StreamUrl, keys);
    const swallowed = openChannel(StreamUrl, headers).then(
      () => 'answered',
      () => 'answered',
    );
    await vi.waitFor(async () => {
      expect(await cloud.control('GET', 'state')).toMatchObject({ silentUpgrades: 1 });
    }, patience);
    await cloud.control('PUT', 'faults', {
      blackHole: { instanceId: 'i-0c6d2e3f4a5b61728', newSockets: true },
    });
    const second = await openChannel(StreamUrl, await signedHeaders(StreamUrl, keys));
    expect(await Promise.race([swallowed, Promise.resolve('silent')])).toBe('silent');
    second.terminate();
  });
});

async function started(): Promise<{ StreamUrl: string; keys: Keys }> {
  const keys = await cloud.lease('test-echo');
  const start = new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf('test-echo') });
  const { StreamUrl } = await cloud.ssm(keys).send(start);
  return { StreamUrl: StreamUrl!, keys };
}

describe('other losses', () => {
  it('a reset ends the socket without a close frame, and the session can be resumed', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await echoes(opened.local, 'before');
    const closed = closeOf(opened.socket);
    await cloud.control('POST', 'events', { kill: { side: 'client', how: 'reset' } });
    expect((await closed).code).toBe(1006);
    await resume(opened);
    await echoes(opened.local, 'after');
  });

  it('a bye closes with 1000', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    const closed = closeOf(opened.socket);
    await cloud.control('POST', 'events', {
      kill: { side: 'client', sessionId: opened.sessionId, how: 'bye' },
    });
    expect(await closed).toEqual({ code: 1000, reason: 'Bye' });
  });

  it('a gateway that restarts resets every channel, accepts none for a while, and keeps the sessions', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await echoes(opened.local, 'before');
    const closed = closeOf(opened.socket);
    await cloud.control('POST', 'events', { restartGateway: { downMs: 300 } });
    expect((await closed).code).toBe(1006);
    await vi.waitFor(() => resume(opened), patience);
    await echoes(opened.local, 'after');
  });

  it('an agent that restarts fails its sessions, and takes new ones when it is back', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await cloud.control('POST', 'events', { restartAgent: { instanceId: bastion, downMs: 200 } });
    expect(await opened.tunnel.closed).toMatchObject({ cause: 'channel-closed' });
    await vi.waitFor(started, patience);
  });

  it('an agent that loses power says nothing: the session stays, and nobody answers in it', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await echoes(opened.local, 'before');
    await cloud.control('POST', 'events', {
      restartAgent: { instanceId: bastion, downMs: 300_000, sessions: 'silent' },
    });
    expect(await refusal(started())).toBe('TargetNotConnected');
    const pong = once(opened.socket, 'pong');
    opened.socket.ping();
    await pong;
    const { TokenValue } = await cloud
      .ssm(opened.keys)
      .send(new ResumeSessionCommand({ SessionId: opened.sessionId }));
    expect(TokenValue).toBeDefined();
    await cloud.control('PUT', `instances/${bastion}`, { online: true });
  });

  it('a hung agent comes back to what was asked meanwhile, while the gateway answers pings', async () => {
    const opened = await echo();
    await using _ = opened.tunnel;
    await echoes(opened.local, 'before');
    await cloud.control('PUT', 'faults', { hungInstances: [bastion] });
    const before = opened.tunnel.session.stats.messagesReceived;
    const pong = once(opened.socket, 'pong');
    opened.local.write('meanwhile');
    opened.socket.ping();
    await pong;
    expect(opened.tunnel.session.stats.messagesReceived).toBe(before);
    const answer = once(opened.local, 'data');
    await cloud.control('PUT', 'faults', {});
    expect(String(((await answer) as [Buffer])[0])).toBe('meanwhile');
  });
});
