/** The bare loop of this protocol between two processes: what `session` is compared with. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { bareReceive, bareStreamFrame } from './bare-loop.ts';
import { corkedSender } from './corked-sender.ts';

/** The bare loop over a WebSocket to the peer process. Returns seconds. */
export async function bareTransfer(port: number, direction: 'down' | 'up', bytes: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${direction}?bytes=${bytes}`, {
    perMessageDeflate: false,
  });
  const raw = Promise.withResolvers<Socket>();
  socket.on('upgrade', (response) => raw.resolve(response.socket));
  socket.on('error', raw.reject);
  // The peer may begin as soon as the socket is open: nothing may be awaited before its messages are listened to.
  const opened = once(socket, 'open');
  let send: (frame: Uint8Array) => void = () => undefined;
  void raw.promise.then((below) => (send = corkedSender(socket, below)));
  const taken = direction === 'down' ? takeDown(socket, (frame) => send(frame), bytes) : undefined;
  await opened;
  await raw.promise;
  const begun = performance.now();
  await (taken ?? sendUp(socket, (frame) => send(frame), bytes));
  const seconds = (performance.now() - begun) / 1000;
  socket.terminate();
  return seconds;
}

function takeDown(socket: WebSocket, send: (frame: Uint8Array) => void, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    socket.on('message', (data: Buffer) => {
      const taken = bareReceive(data);
      if (taken === undefined) return;
      received += taken.payload.length;
      send(taken.ack);
      if (received >= bytes) resolve();
    });
  });
}

const windowMessages = 4096;

function sendUp(socket: WebSocket, send: (frame: Uint8Array) => void, bytes: number): Promise<void> {
  const payload = Buffer.alloc(1024, 0x61);
  const total = Math.ceil(bytes / payload.length);
  let sequence = 0;
  let acknowledged = 0;
  let due = false;
  const run = () => {
    due = false;
    for (let count = 0; count < 128 && sequence < total; count += 1) {
      if (sequence - acknowledged >= windowMessages) return;
      send(bareStreamFrame('client', sequence, payload));
      sequence += 1;
    }
    if (sequence < total) soon();
  };
  const soon = () => {
    if (due) return;
    due = true;
    setImmediate(run);
  };
  soon();
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return resolve();
      const body = JSON.parse(data.toString('utf8', 120)) as Record<string, number>;
      acknowledged = Math.max(acknowledged, (body['AcknowledgedMessageSequenceNumber'] ?? 0) + 1);
      soon();
    });
  });
}
