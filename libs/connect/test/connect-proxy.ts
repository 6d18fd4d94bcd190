import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy that knows CONNECT alone. Every name leads to one local port, as a proxy's own name server would decide. */
export class ConnectProxy {
  /** `host:port` of each tunnel asked for, in order. */
  readonly asked: string[] = [];
  /** The tunnels that were granted. */
  granted = 0;
  /** Refuse with this status instead. */
  refusal: number | undefined;
  /** `NAME:PASSWORD` that must be said; otherwise 407. */
  credentials: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(leadsTo: number) {
    this.#server = createServer((_request, response) => response.writeHead(405).end());
    this.#server.on('connect', (request, socket: Duplex, head: Buffer) => {
      this.#keep(socket);
      this.asked.push(request.url ?? '');
      const status = this.#judge(request.headers['proxy-authorization']);
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      const onward = connect(leadsTo, '127.0.0.1', () => {
        this.granted += 1;
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        if (head.length > 0) onward.write(head);
        socket.pipe(onward).pipe(socket);
      });
      this.#keep(onward);
    });
  }

  static async start(leadsTo: number): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(leadsTo);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** Its address, with name and password when given. */
  url(credentials = ''): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${credentials === '' ? '' : `${credentials}@`}127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #judge(said: string | undefined): number {
    if (this.refusal !== undefined) return this.refusal;
    if (this.credentials === undefined) return 200;
    return said === `Basic ${Buffer.from(this.credentials).toString('base64')}` ? 200 : 407;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
