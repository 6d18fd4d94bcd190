import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { limits } from '../limits.ts';
import type { Installation } from '../principals/installation.ts';
import type { World } from '../world/world.ts';
import { writeAgentSettings, type AgentSettings } from './agent-settings.ts';
import { ControlChannelDoor } from './control-channel-door.ts';

/** Where agents attach: an address of this machine's loopback and a port, 0 for a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The doors behind the listener. */
export interface AgentDoors {
  /** Answers a plain request; never throws. */
  http(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Upgrades of data channels. */
  readonly channel: { upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> };
  readonly control: ControlChannelDoor;
}

/** The TLS listener for agents of other processes, and what it wrote down for them. */
export interface AgentListener {
  readonly settings: readonly AgentSettings[];
  close(): Promise<void>;
}

/** Opens the listener and writes the settings that an agent needs. @throws Error of the system for a taken port. */
export async function listenForAgents(
  { host, port }: ListenAddress,
  doors: AgentDoors,
  inside: { readonly world: World; readonly installation: Installation; readonly effects: Effects },
): Promise<AgentListener> {
  // The certificate library takes a quarter of a second to load: only who asks for agents waits for it.
  const { serverTls } = await import('../tls/certificate.ts');
  const folder = join(inside.installation.folder, 'agent');
  const names = [...new Set([host, 'localhost', '127.0.0.1', '::1'])];
  const { key, cert, caFile } = await serverTls(folder, names, inside.effects);
  const server = createServer({ key, cert, minVersion: 'TLSv1.2' }, (request, response) => {
    void doors.http(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    const instanceId = ControlChannelDoor.instanceOf(request.url);
    if (instanceId === undefined) void doors.channel.upgrade(request, socket, head);
    else void doors.control.upgrade(request, socket, head, instanceId);
  });
  const accepted = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    accepted.add(socket);
    socket.on('close', () => accepted.delete(socket));
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  server.maxConnections = limits.connectionsMax;
  server.listen(port, host);
  await once(server, 'listening');
  const taken = (server.address() as AddressInfo).port;
  const endpoint = `https://${isIPv6(host) ? `[${host}]` : host}:${taken}`;
  return {
    settings: await writeAgentSettings(folder, endpoint, caFile, inside),
    close: () => closeServer(server, doors.control, accepted),
  };
}

async function closeServer(
  server: Server,
  control: ControlChannelDoor,
  accepted: ReadonlySet<Socket>,
): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  control.close();
  server.closeAllConnections();
  // Those that have not finished TLS are no connections yet for HTTP, and would be waited for.
  for (const socket of accepted) socket.destroy();
  await closed;
}
