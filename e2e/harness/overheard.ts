import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What passes is kept up to here for each connection: answers with secrets come first, the bulk of a session later. */
const keptBytesMax = 1024 * 1024;

/** A door on this machine that leads to another one, and hears in plain text what is said through it. */
export class Overheard {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #said: (() => string)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async before(target: string): Promise<Overheard> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const overheard = new Overheard(server);
    server.on('connection', (near) => overheard.#lead(near, connect(Number(port), hostname)));
    return overheard;
  }

  /** The texts of a member in everything that was said, as JSON writes them. */
  membersNamed(name: string): Set<string> {
    const pattern = new RegExp(`"${name}"\\s*:\\s*"([^"]{8,})"`, 'g');
    return new Set(
      this.#said.flatMap((said) => [...said().matchAll(pattern)].map(([, value = '']) => value)),
    );
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #lead(near: Socket, far: Socket): void {
    const heard: Buffer[] = [];
    let kept = 0;
    this.#said.push(() => Buffer.concat(heard).toString('latin1'));
    far.on('data', (bytes) => {
      if (kept < keptBytesMax) heard.push(bytes);
      kept += bytes.length;
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
