import { hash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  createClientSession,
  type ClientEnd,
  type ClientSession,
  type StreamId,
} from '@sallyport/ssm-protocol';
import { WebSocket } from 'ws';
import { region, type Keys } from './running-sandbox.ts';

function signer(keys: Keys, service = 'ssmmessages'): SignatureV4 {
  return new SignatureV4({ service, region, sha256: Sha256, credentials: keys, applyChecksum: false });
}

function requestOf(streamUrl: string): HttpRequest {
  const url = new URL(streamUrl);
  return new HttpRequest({
    method: 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host },
  });
}

/** Headers of a signed upgrade. */
export async function signedHeaders(
  streamUrl: string,
  keys: Keys,
  service?: string,
): Promise<Record<string, string>> {
  const signed = await signer(keys, service).sign(requestOf(streamUrl));
  const { host: _, ...headers } = signed.headers;
  return headers;
}

/** The stream URL with its signature in the query. */
export async function presignedUrl(streamUrl: string, keys: Keys, expiresIn = 60): Promise<string> {
  const signed = await signer(keys).presign(requestOf(streamUrl), { expiresIn });
  const url = new URL(streamUrl);
  url.search = new URLSearchParams(signed.query as Record<string, string>).toString().replaceAll('+', '%20');
  return url.toString();
}

/** Opens a data channel; rejects with `HTTP <status> <error type>` when the upgrade is refused. */
export function openChannel(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(`HTTP ${response.statusCode} ${String(response.headers['x-amzn-errortype'])}`));
      response.resume();
      socket.terminate();
    });
  });
}

/** Code and reason of a socket's close. */
export async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString('utf8') };
}

export const wire = {
  sha256: (bytes: Uint8Array) => hash('sha256', bytes, 'buffer'),
  uuid: () => randomUUID(),
  wallTime: () => Date.now(),
};

/** A client session over a WebSocket, with a TCP listener on loopback: the smallest possible tunnel. */
export class SmallTunnel {
  readonly session: ClientSession;
  readonly ready: Promise<void>;
  readonly closed: Promise<ClientEnd>;
  connectFailures = 0;
  #socket: WebSocket;
  #server: Server | undefined;
  readonly #locals = new Map<StreamId, { readonly socket: Socket; rest: Buffer | undefined }>();
  #timer: NodeJS.Timeout;
  #pumping = false;

  constructor(socket: WebSocket, token: string) {
    this.#socket = socket;
    const ready = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<ClientEnd>();
    this.ready = ready.promise;
    this.closed = closed.promise;
    this.ready.catch(() => undefined);
    this.session = createClientSession(
      { environment: wire },
      {
        frame: (bytes) => this.#socket.send(bytes),
        text: (text) => this.#socket.send(text),
        sendable: () => this.#wake(),
        readPressure: (on) => (on ? this.#socket.pause() : this.#socket.resume()),
        data: (stream, bytes) => {
          if (this.#locals.get(stream)?.socket.write(bytes) === false) this.session.pauseReading(stream);
        },
        end: (stream) => {
          this.#locals.get(stream)?.socket.end();
          this.#locals.delete(stream);
        },
        writable: (stream) => this.#offer(stream),
        discarded: () => undefined,
        ready: () => ready.resolve(),
        connectFailed: () => void (this.connectFailures += 1),
        closed: (end) => {
          for (const { socket: local } of this.#locals.values()) local.destroy();
          ready.reject(new Error(end.cause + end.output));
          closed.resolve(end);
        },
      },
    );
    this.#listenTo(socket);
    this.session.connected(token, performance.now());
    this.#timer = setInterval(() => this.session.tick(performance.now()), 50);
  }

  /** Goes on over a new socket. */
  reconnect(socket: WebSocket, token: string): void {
    this.#socket = socket;
    this.#listenTo(socket);
    this.session.connected(token, performance.now());
  }

  #listenTo(socket: WebSocket): void {
    socket.on('message', (data) => this.session.receive(data as Buffer, performance.now()));
    socket.on('close', () => {
      if (socket === this.#socket) this.session.disconnected(performance.now());
    });
    socket.on('error', () => undefined);
  }

  #wake(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      if (this.session.pump(performance.now(), 256) > 0) this.#wake();
    });
  }

  #offer(stream: StreamId): void {
    const local = this.#locals.get(stream);
    if (local?.rest === undefined) return;
    const taken = this.session.write(stream, local.rest);
    local.rest = taken < local.rest.length ? local.rest.subarray(taken) : undefined;
    if (local.rest === undefined) local.socket.resume();
    else local.socket.pause();
  }

  /** Listens on a free port of loopback. */
  async listen(): Promise<number> {
    await this.ready;
    if (this.#server !== undefined) return (this.#server.address() as AddressInfo).port;
    this.#server = createServer((socket) => {
      const stream = this.session.open();
      if (stream === undefined) return void socket.destroy();
      this.#locals.set(stream, { socket, rest: undefined });
      socket.on('data', (bytes) => {
        const local = this.#locals.get(stream);
        if (local === undefined) return;
        local.rest = bytes;
        this.#offer(stream);
      });
      socket.on('drain', () => this.session.resumeReading(stream));
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.session.end(stream);
        this.#locals.delete(stream);
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const { socket } of this.#locals.values()) socket.destroy();
    this.#socket.terminate();
    if (this.#server !== undefined) {
      this.#server.close();
      await once(this.#server, 'close');
    }
  }
}
