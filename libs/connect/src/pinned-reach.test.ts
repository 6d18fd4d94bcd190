import { describe, expect, it } from 'vitest';
import { PinnedReach } from './pinned-reach.ts';
import { TunnelWorld } from '../test/tunnel-world.ts';

const at = [{ address: '100.64.8.3', port: 5432 }];
const never = new AbortController().signal;

describe('the way to one pinned resource', () => {
  it('carries a conversation with its virtual address', async () => {
    await using world = await TunnelWorld.create({ options: { listen: { on: 'nothing' } } });
    const reach = new PinnedReach(await world.start(), { at, whileDown: 'wait' });
    const stream = await reach.openTcp({ address: '100.64.8.3', port: 5432 }, never);
    stream.end('select 1');
    let received = '';
    for await (const chunk of stream) received += String(chunk);
    expect(received).toBe('select 1');
  });

  it.each([
    { address: '100.64.8.3', port: 5433 },
    { address: '100.64.8.4', port: 5432 },
  ])('refuses %j, which is not granted', async (to) => {
    await using world = await TunnelWorld.create({ options: { listen: { on: 'nothing' } } });
    const reach = new PinnedReach(await world.start(), { at, whileDown: 'wait' });
    await expect(reach.openTcp(to, never)).rejects.toMatchObject({ code: 'FLOW_NOT_GRANTED' });
  });

  it('refuses when the tunnel is over', async () => {
    await using world = await TunnelWorld.create({ options: { listen: { on: 'nothing' } } });
    const tunnel = await world.start();
    await tunnel.close();
    const reach = new PinnedReach(tunnel, { at, whileDown: 'wait' });
    await expect(reach.openTcp({ address: '100.64.8.3', port: 5432 }, never)).rejects.toMatchObject({
      code: 'REACH_ENDED',
    });
  });

  it('refuses at once while the session is lost, when that was wished', async () => {
    const tunnel = { carry: () => undefined, end: undefined, state: 'reconnecting' as const };
    const reach = new PinnedReach(tunnel, { at, whileDown: 'refuse' });
    await expect(reach.openTcp({ address: '100.64.8.3', port: 5432 }, never)).rejects.toMatchObject({
      code: 'REACH_DOWN',
    });
  });
});
