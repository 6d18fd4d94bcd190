import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '@sallyport/problems';
import { SshGateway } from '../../test/ssh-gateway.ts';
import { fingerprint } from './host-keys.ts';
import { SshReach } from './ssh-reach.ts';

const web = { address: '10.0.2.60', port: 8080 };
const never = new AbortController().signal;

let gateway: SshGateway;
let server: Server;
const reaches: SshReach[] = [];
beforeEach(async () => {
  gateway = await SshGateway.start();
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  gateway.destinations.set('10.0.2.60:8080', (server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const reach of reaches.splice(0)) reach.close();
  await gateway[Symbol.asyncDispose]();
  server.close();
});

async function open(more: Parameters<SshGateway['options']>[0] = {}): Promise<SshReach> {
  const reach = await SshReach.open(gateway.options(more));
  reaches.push(reach);
  return reach;
}

async function echoed(reach: SshReach, said: string): Promise<string> {
  const stream = await reach.openTcp(web, never);
  stream.end(said);
  return text(stream);
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (refusal: Problem) => refusal,
  );
  return error?.code ?? 'nothing';
};

describe('the way into a network by the sshd of its gateway', () => {
  it('carries a conversation there and back, with a key that was pushed once and no shell asked for', async () => {
    const reach = await open();
    expect(await echoed(reach, 'shop')).toBe('shop');
    expect(await echoed(reach, 'again')).toBe('again');
    expect(gateway.pushed).toHaveLength(1);
    expect(gateway.pushed[0]).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+$/);
    expect(gateway.otherRequests).toEqual([]);
    expect([...reach.carries]).toEqual(['tcp']);
  });

  it('carries megabytes unchanged both ways at once', async () => {
    const reach = await open();
    const stream = await reach.openTcp(web, never);
    const sent = Buffer.alloc(3_000_000, 'sallyport');
    stream.end(sent);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it('resolves only when the destination has accepted, and tells what sshd says otherwise', async () => {
    const reach = await open();
    expect(await codeOf(reach.openTcp({ address: '10.9.9.9', port: 1 }, never))).toBe('FLOW_UNREACHABLE');
    expect(await echoed(reach, 'still there')).toBe('still there');
  });

  it('resets conversations of a connection that breaks, and pushes the key anew for the next one', async () => {
    const reach = await open();
    const stream = await reach.openTcp(web, never);
    const broken = once(stream, 'error');
    gateway.cut();
    expect(((await broken)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET');
    gateway.honours = (key) => gateway.pushed.length === 2 && key === gateway.pushed[1];
    expect(await echoed(reach, 'back')).toBe('back');
    expect(gateway.pushed.length).toBe(2);
  });

  it('gives parallel conversations connections of their own, and no more than it may', async () => {
    const reach = await open({ connectionsMax: 3 });
    const streams = await Promise.all(Array.from({ length: 6 }, () => reach.openTcp(web, never)));
    expect(reach.counts.connections).toBe(3);
    expect(reach.counts.flows).toBe(6);
    for (const stream of streams) stream.destroy();
  });

  it('stops before any key is shown when the host key is not the one on record, and names both', async () => {
    const other = ssh2.utils.generateKeyPairSync('ed25519').public;
    const shown = fingerprint(Buffer.from(gateway.hostKeys[0]!.split(' ')[1]!, 'base64'));
    const known = fingerprint(Buffer.from(other.split(' ')[1]!, 'base64'));
    gateway.hostKeys.splice(0, 1, other);
    const error = (await open().catch((refusal: unknown) => refusal)) as Problem;
    expect(error.code).toBe('SSH_HOST_KEY_CHANGED');
    expect(error.detail).toContain(shown);
    expect(error.detail).toContain(known);
  });

  it('hands no key to a gateway whose host key is not on record', async () => {
    gateway.hostKeys.splice(0);
    expect(await codeOf(open())).toBe('SSH_HOST_KEY_UNKNOWN');
    expect(gateway.pushed).toEqual([]);
  });

  it('takes RSA where Instance Connect takes no Ed25519', async () => {
    gateway.takes = ['ssh-rsa'];
    expect(await echoed(await open(), 'old')).toBe('old');
    expect(gateway.pushed[0]).toMatch(/^ssh-rsa /);
  });

  it('takes RSA where sshd takes no Ed25519', async () => {
    gateway.honours = (key) => key.startsWith('ssh-rsa') && key === gateway.pushed.at(-1);
    expect(await echoed(await open(), 'strict')).toBe('strict');
    expect(gateway.pushed.map((key) => key.split(' ')[0])).toEqual(['ssh-ed25519', 'ssh-rsa']);
  });

  it('says so when no key is taken, by AWS or by sshd', async () => {
    gateway.honours = () => false;
    expect(await codeOf(open())).toBe('SSH_SIGN_IN_REFUSED');
    gateway.takes = [];
    expect(await codeOf(open())).toBe('SSH_KEY_REFUSED');
  });

  it('pushes no key to an instance where the session does not end', async () => {
    gateway.leaseInstance = 'i-0c6d2e3f4a5b61728';
    expect(await codeOf(open())).toBe('REACH_DOWN');
    expect(gateway.pushed).toEqual([]);
  });

  it('refuses at once while there is no session, when that was asked for', async () => {
    const reach = await open({ whileDown: 'refuse' });
    gateway.tunnel = { state: 'reconnecting' };
    const down = gateway.options({ whileDown: 'refuse' });
    expect(
      await codeOf(SshReach.open(down).then((made) => made.openTcp(web, never).finally(() => made.close()))),
    ).toBe('REACH_DOWN');
    expect(await echoed(reach, 'up')).toBe('up');
  });

  it('ends with the grant: open conversations are reset and no new one begins', async () => {
    const reach = await open();
    const stream = await reach.openTcp(web, never);
    const broken = once(stream, 'error');
    gateway.over();
    await broken;
    expect(await codeOf(reach.openTcp(web, never))).toBe('REACH_ENDED');
  });

  it('lets go of a conversation that nobody waits for any more', async () => {
    const reach = await open();
    const giveUp = new AbortController();
    const asked = reach.openTcp(web, giveUp.signal);
    giveUp.abort(new Error('nobody'));
    await expect(asked).rejects.toThrow('nobody');
    expect(await echoed(reach, 'next')).toBe('next');
    expect(reach.counts.flows).toBe(0);
  });
});
