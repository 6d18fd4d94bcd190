import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { RunningSandbox } from './rig/running-sandbox.ts';

it('ends although somebody at the listener for agents has not finished TLS', async () => {
  const cloud = await RunningSandbox.start({ agentListen: { host: '127.0.0.1', port: 0 } });
  const { endpoint } = cloud.sandbox.agents[0]!;
  const silent = connect(Number(new URL(endpoint).port), '127.0.0.1');
  await once(silent, 'connect');
  const closed = new Promise((resolve) => silent.on('close', resolve));
  silent.on('error', () => undefined);
  await cloud[Symbol.asyncDispose]();
  await closed;
  expect(silent.destroyed).toBe(true);
});
