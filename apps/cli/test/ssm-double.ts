import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The Session Manager API as far as StartSession, answering as told; its message gateway refuses every WebSocket. */
export class SsmDouble {
  readonly #http: Server;
  /** Name of the error that StartSession is answered with; undefined: it is started. */
  refusal: string | undefined;
  readonly calls: string[] = [];

  private constructor() {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n'),
    );
  }

  static async start(): Promise<SsmDouble> {
    const double = new SsmDouble();
    await once(double.#http.listen(0, '127.0.0.1'), 'listening');
    return double;
  }

  get host(): string {
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((done) => this.#http.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = String(request.headers['x-amz-target'] ?? request.method).replace(/^.*\./u, '');
    this.calls.push(call);
    for await (const chunk of request) void chunk;
    const refused = call === 'StartSession' && this.refusal !== undefined;
    response.writeHead(refused ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    const id = 'jit-double-0123456789abcdefg';
    const started = {
      SessionId: id,
      TokenValue: 'stream-token-canary',
      StreamUrl: `ws://${this.host}/v1/data-channel/${id}?role=publish_subscribe`,
    };
    response.end(JSON.stringify(refused ? { __type: this.refusal, message: 'no' } : started));
  }
}
