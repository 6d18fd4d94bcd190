import { listenForControl } from '../src/local/control-socket.ts';
import { announceTunnel, forgetTunnel } from '../src/local/tunnel-registry.ts';
import type { World } from '../src/world.ts';
import { aGrant } from './api-double.ts';

/** An announced tunnel of this machine that answers and carries nothing. */
export async function announcedTunnel(
  world: World,
  over: { name?: string; port?: number; url?: string; socketPath?: string } = {},
): Promise<{ close(): Promise<void> }> {
  const { name = 'prod-rds', port = 15432, url = 'postgres://app_ro@127.0.0.1:15432/shop' } = over;
  const { id: grantId, endsAt } = aGrant();
  const control = await listenForControl(world, async () => ({
    state: 'open',
    bytesUp: 1,
    bytesDown: 2,
    grantId,
    sessionId: 'ses_1',
  }));
  const entry = {
    version: 1 as const,
    pid: world.pid,
    name,
    grantId,
    sessionId: 'ses_1',
    host: '127.0.0.1',
    port,
    socketPath: over.socketPath ?? null,
    url,
    startedAt: '2026-01-01T00:00:00.000Z',
    endsAt,
    socket: control.path,
  };
  await announceTunnel(world, entry);
  return {
    close: async () => {
      await forgetTunnel(world, entry);
      await control.close();
    },
  };
}
