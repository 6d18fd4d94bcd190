import { Announcement } from '../src/local/announcement.ts';
import type { World } from '../src/world.ts';
import { aGrant } from './api-double.ts';

/** An announced tunnel of this machine that answers and carries nothing. */
export async function announcedTunnel(
  world: World,
  over: { name?: string; port?: number; url?: string; socketPath?: string; network?: object } = {},
): Promise<{ close(): Promise<void> }> {
  const { network, name = 'prod-rds', port = 15432, url = 'postgres://app_ro@127.0.0.1:15432/shop' } = over;
  const { id: grantId, endsAt } = aGrant();
  const server = world.env['TUNNEL_SERVER'] ?? '';
  const announcement = await Announcement.begin(world, {
    name,
    grantId,
    server,
    background: false,
    source: null,
  });
  const status = {
    state: 'open',
    sessionId: 'ses_1',
    endsAt,
    bytesUp: 1,
    bytesDown: 2,
    sessions: 1,
    network,
  };
  await announcement.opened(
    { host: '127.0.0.1', port, socketPath: over.socketPath ?? null, url, endsAt },
    { status: () => status, stop: async () => undefined },
  );
  return { close: () => announcement.withdraw() };
}
