import { rmSync } from 'node:fs';
import { StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannel, signedHeaders, SmallTunnel } from './rig/channel-client.ts';
import { bastion, RunningSandbox } from './rig/running-sandbox.ts';
import { SmallShell } from './rig/small-shell.ts';
import { writeWorld } from './world/written-world.ts';

const { folder, worldFile } = writeWorld({
  base: 'usual',
  instanceChanges: { [bastion]: { 'ssm-user': false } },
});
let cloud: RunningSandbox;
beforeAll(async () => {
  cloud = await RunningSandbox.start({ worldFile });
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('e7 default user: where ssm-user was removed', { timeout: 60_000 }, () => {
  it('ports are forwarded as before, since their documents need no OS login', async () => {
    const keys = await cloud.lease('prod-web');
    const start = new StartSessionCommand({ Target: bastion, DocumentName: cloud.documentOf('prod-web') });
    const { StreamUrl, TokenValue } = await cloud.ssm(keys).send(start);
    const socket = await openChannel(StreamUrl!, await signedHeaders(StreamUrl!, keys));
    await using tunnel = new SmallTunnel(socket, TokenValue!);
    const page = await fetch(`http://127.0.0.1:${await tunnel.listen()}/`);
    expect(await page.text()).toContain('Orders admin — internal');
  });

  it('a shell without Run As fails with the agent’s words', async () => {
    using shell = await SmallShell.start(cloud, cloud.key('operator'), { Target: bastion });
    const { output } = await shell.closed;
    expect(output).toBe(
      '\n----------ERROR-------\nUnable to start shell: failed to start pty since RunAs user ssm-user does not exist',
    );
  });
});
