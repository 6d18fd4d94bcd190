import { text } from 'node:stream/consumers';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentReach } from '@sallyport/connect/agent';
import type { Problem } from '@sallyport/problems';
import { bastion, BoxedNetwork } from './harness/boxed-network.ts';

const never = new AbortController().signal;
const codeOf = (refused: Promise<unknown>) =>
  refused.then(
    () => 'nothing',
    (error: Problem) => error.code,
  );

let box: BoxedNetwork;
let reach: AgentReach;
beforeAll(async () => {
  box = await BoxedNetwork.start();
  reach = await box.agentReach();
});
afterAll(() => box[Symbol.asyncDispose]());

async function page(address: string): Promise<string> {
  const socket = await reach.openTcp({ address, port: 8080 }, never);
  socket.write('GET / HTTP/1.1\r\nHost: orders.internal\r\nConnection: close\r\n\r\n');
  return text(socket);
}

describe('a private network in a box, by the companion agent on its gateway', () => {
  it('shows the page of prod-web by its address, by IPv4 and by IPv6', async () => {
    expect(await page('10.0.2.60')).toContain('Orders admin');
    expect(await page('fd00:10:2::60')).toContain('Orders admin');
  });

  it('answers names of the network, and no others', async () => {
    expect(await reach.resolve('prod-db.internal', 'A', never)).toMatchObject({
      code: 'NOERROR',
      addresses: ['10.0.3.15'],
    });
    expect(await reach.resolve('orders.internal', 'AAAA', never)).toMatchObject({
      addresses: ['fd00:10:2::60'],
    });
    expect((await reach.resolve('nobody.internal', 'A', never)).code).toBe('NXDOMAIN');
    expect((await reach.resolve('example.com', 'A', never)).code).toBe('REFUSED');
  });

  it('carries datagrams there and back', async () => {
    const answer = Promise.withResolvers<Uint8Array>();
    const flow = reach.openUdp({ address: '10.0.5.7', port: 7 }, answer.resolve, answer.reject);
    flow.send(Buffer.from('tick'));
    expect(Buffer.from(await answer.promise).toString()).toBe('tick');
    flow.close();
  });

  it('pings hosts that are there, and tells of one that is not', async () => {
    const payload = Buffer.from('are you there');
    expect(Buffer.from(await reach.echo('10.0.2.60', payload, never)).equals(payload)).toBe(true);
    expect(await codeOf(reach.echo('10.0.77.77', payload, never))).toBe('FLOW_UNREACHABLE');
  });

  it.each([
    ['where nothing listens', '10.0.2.60', 81, 'FLOW_REFUSED'],
    ['that nobody has', '10.0.77.77', 80, 'FLOW_UNREACHABLE'],
    ['outside the grant', '10.1.0.1', 80, 'FLOW_NOT_GRANTED'],
    ['of the metadata service', '169.254.169.254', 80, 'FLOW_NOT_GRANTED'],
    ['of the gateway itself', '10.0.1.10', 22, 'FLOW_NOT_GRANTED'],
    ['of the resolver', '10.0.0.2', 53, 'FLOW_NOT_GRANTED'],
  ])('tells the truth about an address %s', async (_what, address, port, code) => {
    expect(await codeOf(reach.openTcp({ address, port }, never))).toBe(code);
  });

  it('goes on with a new agent after the agent of the gateway was killed', async () => {
    const open = await reach.openTcp({ address: '10.0.5.7', port: 7 }, never);
    open.on('error', () => undefined);
    const broken = new Promise((resolve) => open.once('close', resolve));
    await box.cloud.sandbox.companions.restart(bastion);
    await broken;
    expect(await page('10.0.2.60')).toContain('Orders admin');
  });

  it('d8 compression: less crosses the session than the conversation holds where that can be packed, and hardly more where it cannot', async () => {
    const length = 1_000_000;
    const plain = await carried(async () => {
      const socket = await reach.openTcp({ address: '10.0.5.7', port: 7 }, never);
      await answered(socket, Buffer.alloc(length, 'the same words again and again, '), length);
    });
    const random = await carried(async () => {
      const socket = await reach.openTcp({ address: '10.0.5.9', port: 9000 }, never);
      await answered(socket, Buffer.from(`DOWN ${length}\n`), length);
    });
    console.log(
      `over the session: ${plain} bytes for 2 x ${length} that repeat, ${random} for ${length} that do not`,
    );
    expect(plain).toBeLessThan(length / 5);
    expect(random).toBeGreaterThan(length);
    expect(random).toBeLessThan(length * 1.05);
  });
});

/** Bytes that the sessions of the sandbox carried, both ways, while something was done. */
async function carried(what: () => Promise<void>): Promise<number> {
  const before = box.bytesCarried;
  await what();
  return box.bytesCarried - before;
}

/** Sends something and waits for so many bytes in return. */
async function answered(socket: Duplex, said: Buffer, length: number): Promise<void> {
  const all = Promise.withResolvers<void>();
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received >= length) all.resolve();
  });
  socket.on('error', all.reject);
  socket.on('close', () => all.reject(new Error(`ended after ${received} bytes`)));
  socket.write(said);
  await all.promise;
  socket.destroy();
}
