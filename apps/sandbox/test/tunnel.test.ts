import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import {
  DescribeSessionsCommand,
  ResumeSessionCommand,
  StartSessionCommand,
  TerminateSessionCommand,
} from '@aws-sdk/client-ssm';
import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countedBytes, countedDigest } from '../src/instances/backings/counted-bytes.ts';
import { closeOf, openChannel, signedHeaders, SmallTunnel } from './rig/channel-client.ts';
import { bastion, refusal, RunningSandbox, transferWorld } from './rig/running-sandbox.ts';

let cloud: RunningSandbox;
beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile: transferWorld, databases: true });
  await cloud.sandbox.databasesReady;
});
afterAll(() => cloud[Symbol.asyncDispose]());

async function tunnelTo(resource: string) {
  const keys = await cloud.lease(resource);
  const start = new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf(resource) });
  const { SessionId, StreamUrl, TokenValue } = await cloud.ssm(keys).send(start);
  const socket = await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys));
  return { tunnel: new SmallTunnel(socket, TokenValue!), socket, sessionId: SessionId!, keys };
}

describe('a tunnel through gateway and agent', () => {
  it('reaches the sample rows of prod-rds, read only', async () => {
    const { tunnel } = await tunnelTo('prod-rds');
    await using _ = tunnel;
    const client = new Client({
      host: '127.0.0.1',
      port: await tunnel.listen(),
      user: 'app_ro',
      database: 'shop',
    });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(
      'select (select count(*) from customers)::int + (select count(*) from products)::int + (select count(*) from orders)::int as n',
    );
    expect(rows[0]?.n).toBe(212);
    await expect(client.query('delete from orders')).rejects.toThrow(/read-only transaction/);
    await client.query('set session characteristics as transaction read write');
    await expect(client.query('delete from orders')).rejects.toThrow(/permission denied/);
    await client.end();
  });

  it('reaches the page of prod-web', async () => {
    const { tunnel } = await tunnelTo('prod-web');
    await using _ = tunnel;
    const page = await fetch(`http://127.0.0.1:${await tunnel.listen()}/`);
    expect(await page.text()).toContain('Orders admin — internal');
  });

  it('carries counted bytes down and up unchanged', async () => {
    const { tunnel } = await tunnelTo('test-bulk');
    await using _ = tunnel;
    const port = await tunnel.listen();
    const length = 4_000_000;
    expect(await download(port, length)).toBe(countedDigest(length));
    expect(await upload(port, length)).toBe(countedDigest(length));
  });

  it('carries bytes unchanged through a gateway that drops, repeats, reorders and delays', async () => {
    const { tunnel } = await tunnelTo('test-bulk');
    await using _ = tunnel;
    const port = await tunnel.listen();
    const five = { dropPercent: 5, duplicatePercent: 5, reorderPercent: 5, delayPercent: 5, delayMs: 20 };
    await cloud.control('PUT', 'faults', { toAgent: five, toClient: five });
    try {
      const length = 200_000;
      expect(await download(port, length)).toBe(countedDigest(length));
      expect(await upload(port, length)).toBe(countedDigest(length));
    } finally {
      await cloud.control('PUT', 'faults', {});
    }
  });

  it('leaves a lone line feed as it is', async () => {
    const { tunnel } = await tunnelTo('test-echo');
    await using _ = tunnel;
    const socket = connect(await tunnel.listen(), '127.0.0.1');
    const sent = [Buffer.from('\n'), Buffer.alloc(1017, 0x61), Buffer.from('\n')];
    const received: Buffer[] = [];
    let wanted = 0;
    let arrived = Promise.withResolvers<void>();
    socket.on('data', (bytes) => {
      received.push(bytes);
      if (Buffer.concat(received).length >= wanted) arrived.resolve();
    });
    for (const bytes of sent) {
      wanted += bytes.length;
      socket.write(bytes);
      await arrived.promise;
      arrived = Promise.withResolvers();
    }
    expect(Buffer.concat(received)).toEqual(Buffer.concat(sent));
    socket.destroy();
  });

  it('goes on after its socket is cut, with the token of ResumeSession', async () => {
    const { tunnel, sessionId, keys } = await tunnelTo('test-echo');
    await using _ = tunnel;
    const socket = connect(await tunnel.listen(), '127.0.0.1');
    socket.write('before');
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('before');
    await cloud.control('PUT', 'faults', { changeCellNumber: true, kill: { side: 'client' } });
    socket.write('after');
    const resumed = await cloud.ssm(keys).send(new ResumeSessionCommand({ SessionId: sessionId }));
    const url = resumed.StreamUrl!;
    tunnel.reconnect(await openChannel(url, await signedHeaders(url, keys)), resumed.TokenValue!);
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('after');
    await cloud.control('PUT', 'faults', {});
    socket.destroy();
  });

  it('ends at once when somebody terminates the session', async () => {
    const { tunnel, sessionId, keys } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    await cloud.ssm(keys).send(new TerminateSessionCommand({ SessionId: sessionId }));
    expect(await tunnel.closed).toMatchObject({ cause: 'channel-closed' });
    const again = await cloud.ssm(keys).send(new ResumeSessionCommand({ SessionId: sessionId }));
    expect(again.TokenValue).toBeUndefined();
  });

  it('ends the session when the client says so', async () => {
    const { tunnel, sessionId } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    tunnel.session.terminate(performance.now());
    await tunnel.closed;
    expect(await stateOf(sessionId)).toBe('Terminated');
  });
});

describe('the revoker', () => {
  it('finds live sessions of leases and ends them, and no others', async () => {
    const { tunnel, sessionId } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    const ssm = cloud.ssm(await cloud.inSpoke('revoker'));
    const { Sessions } = await ssm.send(new DescribeSessionsCommand({ State: 'Active' }));
    expect(Sessions?.find((session) => session.SessionId === sessionId)).toMatchObject({
      Target: bastion,
      Status: 'Connected',
      DocumentName: cloud.documentOf('test-echo'),
    });
    const foreign = new TerminateSessionCommand({ SessionId: 'operator-abcdefgh' });
    expect(await refusal(ssm.send(foreign))).toBe('AccessDeniedException');
    await ssm.send(new TerminateSessionCommand({ SessionId: sessionId }));
    expect(await tunnel.closed).toMatchObject({ cause: 'channel-closed', output: '' });
    const record = (await cloud.trail()).at(-1);
    expect(record).toMatchObject({
      eventName: 'TerminateSession',
      userIdentity: { arn: expect.stringContaining('JitRevoke') as string },
    });
  });
});

describe('the agent', () => {
  it('fails the session for a name that does not exist, after the handshake', async () => {
    const start = new StartSessionCommand({
      Target: bastion,
      DocumentName: 'AWS-StartPortForwardingSessionToRemoteHost',
      Parameters: { host: ['nowhere.internal'], portNumber: ['80'] },
    });
    const tunnel = await operatorTunnel(start);
    await using _ = tunnel;
    expect((await tunnel.closed).output).toBe('lookup nowhere.internal: no such host');
  });

  it('refuses one connection where nothing listens, and keeps the session', async () => {
    const start = new StartSessionCommand({
      Target: bastion,
      DocumentName: 'AWS-StartPortForwardingSession',
      Parameters: { portNumber: ['81'] },
    });
    const tunnel = await operatorTunnel(start);
    await using _ = tunnel;
    const socket = connect(await tunnel.listen(), '127.0.0.1');
    await once(socket.resume(), 'close');
    expect(tunnel.connectFailures).toBe(1);
    const again = connect(await tunnel.listen(), '127.0.0.1');
    await once(again.resume(), 'close');
    expect(tunnel.connectFailures).toBe(2);
  });

  it('comes back after its socket is cut', async () => {
    const { tunnel } = await tunnelTo('test-echo');
    await using _ = tunnel;
    const socket = connect(await tunnel.listen(), '127.0.0.1');
    await cloud.control('PUT', 'faults', { kill: { side: 'agent' } });
    socket.write('still here');
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toBe('still here');
    socket.destroy();
  });

  it('sends a kibibyte and sleeps a millisecond when it is paced', async () => {
    await using paced = await RunningSandbox.start({ worldFile: transferWorld, paced: true });
    const keys = await paced.lease('test-bulk');
    const start = new StartSessionCommand({ Target: bastion, DocumentName: paced.documentOf('test-bulk') });
    const { StreamUrl, TokenValue } = await paced.ssm(keys).send(start);
    await using tunnel = new SmallTunnel(
      await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys)),
      TokenValue!,
    );
    const port = await tunnel.listen();
    const begun = performance.now();
    expect(await download(port, 204_800)).toBe(countedDigest(204_800));
    expect(performance.now() - begun).toBeGreaterThan(200);
  });

  it('does not pile up what a slow reader has not taken', async () => {
    const { tunnel } = await tunnelTo('test-bulk');
    await using _ = tunnel;
    const socket = connect(await tunnel.listen(), '127.0.0.1').pause();
    const length = 60_000_000;
    const before = process.memoryUsage();
    socket.write(`DOWN ${length}\n`);
    // Quiet means that no more comes: everybody between source and reader waits.
    let seen = -1;
    while (tunnel.session.stats.messagesReceived !== seen) {
      seen = tunnel.session.stats.messagesReceived;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(seen * 1024).toBeLessThan(20_000_000);
    const grown = process.memoryUsage().external - before.external;
    expect(grown).toBeLessThan(40_000_000);
    socket.destroy();
  });
});

describe('what the service does by itself', () => {
  it('ends a session that is idle for twenty minutes', async () => {
    const { tunnel } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    await cloud.control('POST', 'clock', { offsetSeconds: 1201 });
    expect(await tunnel.closed).toMatchObject({ output: 'Session timed out due to inactivity.' });
    await cloud.control('POST', 'clock', { offsetSeconds: 0 });
  });

  it('closes a channel of an hour with 1000 Bye, and keeps its session', async () => {
    const { tunnel, socket, sessionId } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    const closed = closeOf(socket);
    await cloud.control('PUT', 'faults', { closeAfterSeconds: 0.001 });
    expect(await closed).toEqual({ code: 1000, reason: 'Bye' });
    await cloud.control('PUT', 'faults', {});
    expect(await stateOf(sessionId)).toBe('Connected');
  });

  it('answers ResumeSession without a token when it is told to refuse', async () => {
    const { tunnel, sessionId, keys } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await cloud.control('PUT', 'faults', { refuseResume: true });
    const refused = await cloud.ssm(keys).send(new ResumeSessionCommand({ SessionId: sessionId }));
    expect(refused.TokenValue).toBeUndefined();
    await cloud.control('PUT', 'faults', {});
  });

  it('fails the sessions of an instance whose agent is lost', async () => {
    const { tunnel, sessionId } = await tunnelTo('test-echo');
    await using _ = tunnel;
    await tunnel.ready;
    await cloud.control('PUT', `instances/${bastion}`, { online: false });
    expect(await tunnel.closed).toMatchObject({ cause: 'channel-closed' });
    expect(await stateOf(sessionId)).toBe('Failed');
    await cloud.control('PUT', `instances/${bastion}`, { online: true });
  });
});

async function stateOf(sessionId: string): Promise<string | undefined> {
  const { sessions } = (await cloud.control('GET', 'state')) as { sessions: { id: string; state: string }[] };
  return sessions.find(({ id }) => id === sessionId)?.state;
}

async function operatorTunnel(start: StartSessionCommand): Promise<SmallTunnel> {
  const keys = cloud.key('operator');
  const { StreamUrl, TokenValue } = await cloud.ssm(keys).send(start);
  return new SmallTunnel(await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys)), TokenValue!);
}

function download(port: number, length: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`DOWN ${length}\n`);
  const digest = createHash('sha256');
  let left = length;
  return new Promise((resolve, reject) => {
    socket.on('data', (bytes) => {
      digest.update(bytes);
      left -= bytes.length;
      if (left > 0) return;
      socket.destroy();
      resolve(digest.digest('hex'));
    });
    socket.on('error', reject);
    socket.on('end', () => reject(new Error(`${left} bytes are missing`)));
  });
}

async function upload(port: number, length: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`UP ${length}\n`);
  const bytes = countedBytes();
  for (let left = length; left > 0; left -= 65_536)
    if (!socket.write(bytes.next(Math.min(left, 65_536))))
      await new Promise((resolve) => socket.once('drain', resolve));
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.destroy();
  return answer.toString('latin1').trim();
}
