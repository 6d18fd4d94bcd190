import { afterEach, beforeEach, expect, it } from 'vitest';
import { gatewayInstance, SshGateway } from '../../test/ssh-gateway.ts';
import { duplexPair } from '../duplex-pair.ts';
import { ephemeralKey } from './ephemeral-key.ts';
import { HostKeys } from './host-keys.ts';
import { SshConnection } from './ssh-connection.ts';

const never = new AbortController().signal;
let gateway: SshGateway;
beforeEach(async () => {
  gateway = await SshGateway.start();
  gateway.honours = () => true;
});
afterEach(() => gateway[Symbol.asyncDispose]());

it('refuses a conversation with a code while it is closing and its way is not yet closed', async () => {
  const [way, far] = duplexPair();
  gateway.options().tunnel.carry(far);
  const hostKeys = new HostKeys(gatewayInstance, gateway.hostKeys);
  const key = await ephemeralKey('ed25519');
  const connection = await SshConnection.open({ way, user: 'ec2-user', key, hostKeys }, never);
  connection.close();
  expect(connection.over).toBe(false);
  await expect(connection.open({ address: '10.0.2.60', port: 80 }, never)).rejects.toMatchObject({
    code: 'REACH_DOWN',
  });
  await connection.closed;
});
