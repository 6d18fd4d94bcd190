import { StartSessionCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { WebSocket } from 'ws';
import { expect } from 'vitest';
import { dataChannel } from './data-channel.ts';
import type { Lease } from './lease.ts';

/** Starts a session with the lease's own credentials, past everything the command line would ask. */
export async function opened(client: SSMClient, lease: Lease) {
  const session = await client.send(
    new StartSessionCommand({ Target: lease.instanceId, DocumentName: lease.documentName }),
  );
  const channel = await dataChannel(session.StreamUrl ?? '', session.TokenValue ?? '', lease);
  expect(channel.status).toBe('open');
  return channel;
}

/** A hostile client reads on; it is out when the far side ends the channel or the session. */
export function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    socket.once('close', () => resolve());
    socket.on('message', (bytes: Buffer) => {
      if (bytes.subarray(4, 36).toString('latin1').startsWith('channel_closed')) {
        socket.terminate();
      }
    });
  });
}
