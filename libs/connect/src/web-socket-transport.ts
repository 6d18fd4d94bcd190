import type { Socket } from 'node:net';
import type { Agent, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Problem } from '@sallyport/problems';
import { limits } from '@sallyport/ssm-protocol';
import { boundUnsentBytes } from '@sallyport/tunnel/unsent-bytes';
import { MaskedFrames } from './masked-frames.ts';
import { agentThrough, proxiesOfEnvironment, type Proxies } from './proxy.ts';
import type { Connection, ConnectionSink, Transport } from './transport.ts';

/** Bytes that may wait in our own socket before new data is held back. */
const congestedBytes = 1024 * 1024;
const openWithinMs = 15_000;

/** Opens WebSockets, through a proxy where one leads to the target. The only file that opens a socket for Session Manager. */
export function webSocketsThrough(proxies: Proxies): Transport {
  return {
    open: async (url, headers, sink, signal) => {
      const agent = await agentThrough(proxies, url);
      signal.throwIfAborted();
      return opened(url, headers, agent, sink, signal);
    },
  };
}

/** The same by the proxies of the environment: what the command line uses. */
export const webSocketTransport: Transport = webSocketsThrough(proxiesOfEnvironment);

function opened(
  url: URL,
  headers: Readonly<Record<string, string>>,
  agent: Agent | undefined,
  sink: ConnectionSink,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { ...headers },
      agent,
      maxPayload: limits.frameBytesMax,
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: openWithinMs,
    });
    const abort = () => {
      socket.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    let raw: Socket | undefined;
    let open = false;
    socket.on('upgrade', (response) => (raw = response.socket));
    socket.on('unexpected-response', (_request, response) => {
      reject(refusal(response));
      response.destroy();
      socket.terminate();
    });
    // `close` follows each error; before `open` it is the refusal.
    socket.on('error', (cause) => {
      if (open) return;
      const own = cause instanceof Problem ? cause : undefined;
      reject(
        own ?? new Problem('SSM_UNREACHABLE', { detail: 'The message gateway does not answer.', cause }),
      );
    });
    socket.on('open', () => {
      open = true;
      signal.removeEventListener('abort', abort);
      // Set by the upgrade, which came before. Where the kernel's queue cannot be bounded, small talk stands behind what it took.
      void boundUnsentBytes(raw!);
      resolve(connectionOf(socket, raw!, sink));
    });
  });
}

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

function connectionOf(socket: WebSocket, raw: Socket, sink: ConnectionSink): Connection {
  const frames = new MaskedFrames();
  let congested = false;
  let due = false;
  const waiting = () => frames.length + raw.writableLength;
  const sent = () => {
    if (!congested || waiting() > congestedBytes / 2) return;
    congested = false;
    sink.drained();
  };
  // Many small frames leave in one system call: they are gathered until this turn of the event loop is over.
  const flush = () => {
    due = false;
    if (socket.readyState !== WebSocket.OPEN) return;
    const pieces = frames.take();
    if (pieces.length > 1) raw.cork();
    for (const piece of pieces) raw.write(piece, sent);
    if (pieces.length > 1) raw.uncork();
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
      frames.add(bytes);
      if (!due) {
        due = true;
        process.nextTick(flush);
      }
      congested ||= waiting() > congestedBytes;
    },
    text(text) {
      if (socket.readyState !== WebSocket.OPEN) return;
      flush();
      socket.send(text);
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
