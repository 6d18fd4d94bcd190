/**
 * The other process of the baselines of `session`, as the sandbox is the other process of the product: a WebSocket server that
 * sends or takes stream messages by the bare loop, and a TCP server that sends or swallows bytes for the plain relay. Says its
 * ports on standard output in one JSON line; ends with SIGTERM.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { WebSocketServer, type WebSocket } from 'ws';
import { bareReceive, bareStreamFrame } from './bare-loop.ts';
import { corkedSender } from './corked-sender.ts';

const payload = Buffer.alloc(1024, 0x61);
const windowMessages = 4096;
const batch = 128;

/** Sends stream messages until `bytes` of payload have gone, as many unacknowledged as our own window allows. */
function sendDown(socket: WebSocket, raw: Socket, bytes: number): void {
  const send = corkedSender(socket, raw);
  let sequence = 0;
  let acknowledged = 0;
  let due = false;
  const total = Math.ceil(bytes / payload.length);
  const run = () => {
    due = false;
    for (let count = 0; count < batch && sequence < total; count += 1) {
      if (sequence - acknowledged >= windowMessages) return;
      send(bareStreamFrame('agent', sequence, payload));
      sequence += 1;
    }
    if (sequence < total) soon();
  };
  const soon = () => {
    if (due) return;
    due = true;
    setImmediate(run);
  };
  socket.on('message', (data: Buffer) => {
    // What a sender must learn from an acknowledgement: its number.
    const body = JSON.parse(data.toString('utf8', 120)) as Record<string, number>;
    acknowledged = Math.max(acknowledged, (body['AcknowledgedMessageSequenceNumber'] ?? 0) + 1);
    soon();
  });
  soon();
}

/** Takes stream messages until `bytes` of payload have come, then says so. */
function takeUp(socket: WebSocket, raw: Socket, bytes: number): void {
  const send = corkedSender(socket, raw);
  let received = 0;
  socket.on('message', (data: Buffer) => {
    const taken = bareReceive(data);
    if (taken === undefined) return;
    received += taken.payload.length;
    send(taken.ack);
    if (received >= bytes) socket.send('done');
  });
}

/** `DOWN n` sends n bytes, `UP n` swallows n bytes and answers with a line. */
function serveBytes(socket: Socket): void {
  const chunk = Buffer.alloc(65_536, 0x61);
  let left = 0;
  let sending = 0;
  const pour = () => {
    while (sending > 0) {
      const bytes = chunk.subarray(0, Math.min(sending, chunk.length));
      sending -= bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on('drain', pour);
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => {
    let body = data;
    if (left === 0) {
      const at = data.indexOf(0x0a);
      const [word, count] = data.toString('latin1', 0, at).split(' ');
      body = data.subarray(at + 1);
      if (word === 'DOWN') {
        sending = Number(count);
        return pour();
      }
      left = Number(count);
    }
    left -= body.length;
    if (left <= 0) socket.write('done\n');
  });
}

const channels = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
channels.on('connection', (socket, request) => {
  const url = new URL(request.url ?? '/', 'ws://peer');
  const bytes = Number(url.searchParams.get('bytes'));
  if (url.pathname === '/down') sendDown(socket, request.socket, bytes);
  else takeUp(socket, request.socket, bytes);
});
const plain = createServer(serveBytes).listen(0, '127.0.0.1');
await Promise.all([once(channels, 'listening'), once(plain, 'listening')]);
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
console.log(JSON.stringify({ event: 'ready', channel: portOf(channels), plain: portOf(plain) }));
process.on('SIGTERM', () => process.exit(0));
