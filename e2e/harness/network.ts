import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * The network between a laptop and AWS, as an HTTP proxy (CONNECT alone) that can be cut. What goes through it are real sockets: a cut holds bytes as
 * TCP holds them, a lost route swallows them for ever, a reset is a reset.
 */
export class Network {
  readonly #server: Server;
  readonly #routes = new Set<{ near: Socket; far: Socket }>();
  readonly #lost = new Set<Socket>();
  #cut: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  private constructor() {
    this.#server = createServer((_request, response) => response.writeHead(405).end());
    this.#server.on('connect', (request, near: Duplex, head: Buffer) => {
      near.on('error', () => near.destroy());
      void this.#route(request.url ?? '', near as Socket, head);
    });
  }

  static async start(): Promise<Network> {
    const network = new Network();
    await once(network.#server.listen(0, '127.0.0.1'), 'listening');
    return network;
  }

  /** For `ssmSessionsThrough` and `webSocketsThrough`. */
  readonly proxies = (): URL => {
    const { port } = this.#server.address() as AddressInfo;
    return new URL(`http://127.0.0.1:${port}`);
  };

  /** Resolves while it is not cut: what goes another way than through the proxy waits for this. */
  async reachable(): Promise<void> {
    await this.#cut?.over;
  }

  /** Nothing passes until {@link mend}; nothing is lost of it, as TCP loses nothing. */
  cut(): void {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#cut ??= { over, end };
    for (const { near, far } of this.#routes) hold(near, far);
  }

  mend(): void {
    this.#cut?.end();
    this.#cut = undefined;
    for (const { near, far } of this.#routes) near.pipe(far).pipe(near);
  }

  /** Every connection there is goes on without ever carrying a byte again, as after a change of address. New ones are well. */
  loseRoutes(): void {
    for (const route of this.#routes) {
      const { near, far } = route;
      this.#routes.delete(route);
      hold(near, far);
      this.#lost.add(near).add(far);
    }
  }

  /** Every connection there is gets a TCP reset. */
  reset(): void {
    for (const { near, far } of this.#routes) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.mend();
    for (const { near, far } of this.#routes) {
      near.destroy();
      far.destroy();
    }
    for (const socket of this.#lost) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #route(target: string, near: Socket, head: Buffer): Promise<void> {
    await this.reachable();
    if (near.destroyed) return;
    const { hostname, port } = new URL(`http://${target}`);
    const far = connect(Number(port || 80), hostname);
    const route = { near, far };
    far.on('error', () => near.destroy());
    far.on('connect', () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) far.write(head);
      this.#routes.add(route);
      if (this.#cut === undefined) near.pipe(far).pipe(near);
    });
    const gone = () => {
      this.#routes.delete(route);
      near.destroy();
      far.destroy();
    };
    near.on('close', gone);
    far.on('close', gone);
  }
}

function hold(near: Socket, far: Socket): void {
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}
