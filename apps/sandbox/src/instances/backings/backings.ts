import { connect, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import type { Log } from '@sallyport/effects';
import type { BackingForm } from '../../world/world-form.ts';
import { serveCountedBytes } from './counted-bytes.ts';
import { ordersPage } from './orders-page.ts';
import { startSampleDatabase, type SampleDatabase } from './sample-database.ts';

/** Where the sample databases live, and the password of their superuser. */
export interface DatabasePlace {
  readonly dataDir: string;
  readonly superuserPassword: string;
}

/** Everything that stands behind the listeners of the private network. */
export class Backings {
  readonly #page = ordersPage();
  readonly #database: Promise<SampleDatabase> | undefined;
  readonly #log: Log;

  /** Begins to start the databases when `place` is given; connections to them wait until they are there. */
  constructor(place: DatabasePlace | undefined, log: Log) {
    this.#log = log;
    this.#database =
      place === undefined
        ? undefined
        : startSampleDatabase(place.dataDir, place.superuserPassword, (line) =>
            log.write('debug', 'sample database', { line }),
          );
    this.#database?.catch((error: unknown) =>
      log.write('error', 'the sample database does not start', { reason: String(error) }),
    );
  }

  /** Resolves when everything is up. Rejects when the databases do not start. */
  async ready(): Promise<void> {
    await this.#database;
  }

  /** Opens a connection. @throws Error worded as a failed dial. */
  async open(backing: BackingForm): Promise<Duplex> {
    switch (backing.kind) {
      case 'postgres': {
        if (this.#database === undefined) throw new Error('connect: connection refused');
        return connected(connect((await this.#database).cluster.socketPath));
      }
      case 'tcp':
        return connected(connect(backing.port, '127.0.0.1'));
      case 'socket':
        return connected(connect(backing.path));
      case 'web-page':
        return this.#served((socket) => this.#page.emit('connection', socket));
      case 'echo':
        return this.#served((socket) => socket.pipe(socket));
      case 'bulk':
        return this.#served((socket) => {
          serveCountedBytes(socket).catch((error: unknown) =>
            this.#log.write('debug', 'counted bytes ended', { reason: String(error) }),
          );
        });
    }
  }

  /** Stops the databases. */
  async close(): Promise<void> {
    this.#page.closeAllConnections();
    const database = await this.#database?.catch(() => undefined);
    await database?.stop();
  }

  /** A connection to a server in this process. */
  #served(serve: (socket: Duplex) => void): Duplex {
    const [ours, theirs] = duplexPair({ highWaterMark: 256 * 1024 });
    // The caller's end is watched by the caller; when it goes, the server's end goes too.
    theirs.on('error', () => undefined);
    ours.on('close', () => theirs.destroy());
    theirs.on('close', () => ours.push(null));
    serve(theirs);
    return ours;
  }
}

function connected(socket: Socket): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
