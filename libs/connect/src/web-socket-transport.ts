import type { Socket } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Problem } from '@sallyport/problems';
import { limits } from '@sallyport/ssm-protocol';
import type { Connection, ConnectionSink, Transport } from './transport.ts';

/** Bytes that may wait in our own socket before new data is held back. */
const congestedBytes = 1024 * 1024;
const openWithinMs = 15_000;

/** The only file that opens a socket for Session Manager. */
export const webSocketTransport: Transport = {
  open: (url, headers, sink, signal) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url, {
        headers: { ...headers },
        maxPayload: limits.frameBytesMax,
        perMessageDeflate: false,
        followRedirects: false,
        handshakeTimeout: openWithinMs,
      });
      const abort = () => {
        socket.terminate();
        reject(signal.reason as Error);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      let raw: Socket | undefined;
      let opened = false;
      socket.on('upgrade', (response) => (raw = response.socket));
      socket.on('unexpected-response', (_request, response) => {
        reject(refusal(response));
        response.destroy();
        socket.terminate();
      });
      // `close` follows each error; before `open` it is the refusal.
      socket.on('error', (cause) => {
        if (!opened)
          reject(new Problem('SSM_UNREACHABLE', { detail: 'The message gateway does not answer.', cause }));
      });
      socket.on('open', () => {
        opened = true;
        signal.removeEventListener('abort', abort);
        resolve(connectionOf(socket, raw, sink));
      });
    }),
};

function refusal(response: IncomingMessage): Problem {
  const { statusCode } = response;
  if (statusCode === 403 || statusCode === 401)
    return new Problem('SSM_SESSION_REFUSED', {
      detail: 'AWS refused to open the data channel with this lease.',
    });
  if (statusCode === 429) return new Problem('SSM_THROTTLED');
  return new Problem('CHANNEL_REFUSED', {
    detail: `The message gateway answered ${statusCode} instead of opening the channel.`,
  });
}

function connectionOf(socket: WebSocket, raw: Socket | undefined, sink: ConnectionSink): Connection {
  let congested = false;
  let corked = false;
  // Many small frames leave in one system call: they are gathered until this turn of the event loop is over.
  const cork = () => {
    if (corked || !raw) return;
    corked = true;
    raw.cork();
    process.nextTick(() => {
      corked = false;
      raw.uncork();
    });
  };
  const sent = () => {
    if (!congested || socket.bufferedAmount > congestedBytes / 2) return;
    congested = false;
    sink.drained();
  };
  socket.on('message', (data, isBinary) => {
    // The official ends accept text as if it were binary; nothing else is ever sent so, and we need not.
    if (isBinary && Buffer.isBuffer(data)) sink.message(data);
    else sink.heard();
  });
  socket.on('ping', () => sink.heard());
  socket.on('pong', () => sink.heard());
  socket.on('close', (code) => sink.closed(code));
  return {
    binary(bytes) {
      if (socket.readyState !== WebSocket.OPEN) return;
      cork();
      socket.send(bytes, { binary: true }, sent);
      congested ||= socket.bufferedAmount > congestedBytes;
    },
    text(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    get congested() {
      return congested;
    },
    ping() {
      if (socket.readyState === WebSocket.OPEN) socket.ping('keepalive');
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    cut: () => socket.terminate(),
  };
}
