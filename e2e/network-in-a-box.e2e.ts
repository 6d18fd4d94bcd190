import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentReach } from '@sallyport/connect/agent';
import type { Problem } from '@sallyport/problems';
import { BoxedNetwork } from './harness/boxed-network.ts';

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
});
