import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshReach } from '@sallyport/connect';
import type { Problem } from '@sallyport/problems';
import { find } from '../tools/test/programs.ts';
import { bastion, BoxedNetwork } from './harness/boxed-network.ts';
import { GatewaySshd } from './harness/gateway-sshd.ts';

const programs = find('sshd') !== undefined && find('curl') !== undefined;
const never = new AbortController().signal;
const codeOf = (refused: Promise<unknown>) =>
  refused.then(
    () => 'nothing',
    (error: Problem) => error.code,
  );

/** A network that the catalogue reaches by the gateway's sshd, so that documents and roles have what that needs. */
const bySsh = {
  name: 'test-ssh',
  kind: 'subnet',
  title: 'A network by SSH',
  description: 'For tests of the way by sshd.',
  environment: 'staging',
  team: 'platform',
  gateway: 'bastion',
  cidr: '10.0.2.60/32',
  ports: ['tcp:8080'],
  way: 'ssh',
  permitOpen: true,
  connectable: true,
  recording: { recorded: false, statement: 'The amount of traffic is recorded.' },
};

describe.skipIf(!programs)('a network by the sshd of its gateway, with a real OpenSSH server', () => {
  let echo: Server;
  let closed: Server;
  let sshd: GatewaySshd;
  let box: BoxedNetwork;
  let reach: SshReach;
  const at = (server: Server) => ({ address: '127.0.0.1', port: (server.address() as AddressInfo).port });
  let nobody = 0;

  beforeAll(async () => {
    echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    closed = createServer((socket) => socket.destroy());
    for (const server of [echo, closed]) await once(server.listen(0, '127.0.0.1'), 'listening');
    nobody = at(closed).port;
    await new Promise((resolve) => closed.close(resolve));
    sshd = await GatewaySshd.start({
      permitOpen: [`127.0.0.1:${at(echo).port}`, `127.0.0.1:${nobody}`],
      rekeyAfter: '256K',
      pushedKeys: async (user) => {
        const { keys } = await box.cloud.control('GET', `instances/${bastion}/pushed-keys/${user}`);
        return keys as string[];
      },
    });
    box = await BoxedNetwork.start({
      additions: {
        resources: [bySsh],
        network: [
          {
            host: 'localhost',
            port: 22,
            instance: bastion,
            backing: { kind: 'socket', path: sshd.socketPath },
          },
        ],
      },
    });
    box.sshd = { user: sshd.user, hostKeys: [sshd.hostKey] };
    reach = await box.sshReach();
  });
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
    await sshd.stop();
    echo.close();
  });

  async function echoed(through: SshReach, said: string): Promise<string> {
    const stream = await through.openTcp(at(echo), never);
    stream.end(said);
    return text(stream);
  }

  it('carries a conversation with a key that Instance Connect pushed', async () => {
    expect(await echoed(reach, 'by sshd')).toBe('by sshd');
    const pushes = (await box.cloud.trail()).filter(({ eventName }) => eventName === 'SendSSHPublicKey');
    expect(pushes).toHaveLength(1);
    expect(pushes[0]).toMatchObject({ requestParameters: { instanceId: bastion, osUser: sshd.user } });
  });

  it('carries megabytes unchanged while keys are changed under way', async () => {
    const sent = 'sallyport '.repeat(150_000);
    expect((await echoed(reach, sent)) === sent).toBe(true);
  });

  it('tells what PermitOpen denies from a port where nothing listens', async () => {
    expect(await codeOf(reach.openTcp({ address: '127.0.0.1', port: 1 }, never))).toBe('FLOW_NOT_GRANTED');
    expect(await codeOf(reach.openTcp({ address: '10.0.3.15', port: 5432 }, never))).toBe('FLOW_NOT_GRANTED');
    expect(await codeOf(reach.openTcp({ address: '127.0.0.1', port: nobody }, never))).toBe('FLOW_REFUSED');
  });

  it('signs in again with a key that is pushed anew, after the first one ran out', async () => {
    const before = (await box.cloud.trail()).filter(
      ({ eventName }) => eventName === 'SendSSHPublicKey',
    ).length;
    await box.cloud.control('POST', 'clock', { advanceSeconds: 61 });
    try {
      const { keys } = await box.cloud.control('GET', `instances/${bastion}/pushed-keys/${sshd.user}`);
      expect(keys).toEqual([]);
    } finally {
      await box.cloud.control('POST', 'clock', { offsetSeconds: 0 });
    }
    const again = await box.sshReach();
    expect(await echoed(again, 'again')).toBe('again');
    const after = (await box.cloud.trail()).filter(
      ({ eventName }) => eventName === 'SendSSHPublicKey',
    ).length;
    expect(after).toBe(before + 1);
    again.close();
  });

  it('stops at a host key that is not the one on record, with both fingerprints', async () => {
    sshd.changeHostKey();
    const error = await box.sshReach().then(
      () => undefined,
      (refusal: Problem) => refusal,
    );
    expect(error?.code).toBe('SSH_HOST_KEY_CHANGED');
    expect(error?.detail?.match(/SHA256:/g)).toHaveLength(2);
    box.sshd = { user: sshd.user, hostKeys: [sshd.hostKey] };
    expect(await echoed(await box.sshReach(), 'recorded')).toBe('recorded');
  });
});
