import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Effects, Log } from '@sallyport/effects';
import type { BackingForm } from '../../world/world-form.ts';
import type { Listener } from '../../world/world.ts';
import { servedBy } from '../in-process-socket.ts';
import { NetworkError } from '../network-error.ts';
import type { Datagrams } from '../private-network.ts';
import { serveCountedBytes } from './counted-bytes.ts';
import { ordersPage } from './orders-page.ts';
import { RdsFront } from './rds-front.ts';
import type { RdsSignIn } from './rds-sign-in.ts';
import { startSampleDatabase, type SampleDatabase } from './sample-database.ts';

/** Where the sample databases live, and the password of their superuser. */
export interface DatabasePlace {
  readonly dataDir: string;
  readonly superuserPassword: string;
}

/** What databases with IAM sign-in need: where their certificates come from, and who judges tokens. */
export interface SecuredPlace {
  readonly folder: string;
  readonly effects: Pick<Effects, 'clock' | 'random'>;
  readonly signIn: RdsSignIn;
}

type RdsBacking = Extract<BackingForm, { kind: 'rds' }>;

/** Everything that stands behind the listeners of the private network. */
export class Backings {
  readonly #page = ordersPage();
  readonly #database: Promise<SampleDatabase> | undefined;
  readonly #log: Log;

  readonly #fronts = new Map<Listener, Promise<RdsFront>>();
  readonly #secured: SecuredPlace | undefined;

  /** Begins to start the databases when `place` is given; connections to them wait until they are there. */
  constructor(place: DatabasePlace | undefined, log: Log, secured?: SecuredPlace) {
    this.#secured = secured;
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

  /** Resolves when everything behind the listeners is up. Rejects when the databases do not start. */
  async ready(listeners: readonly Listener[]): Promise<void> {
    if ((await this.#database) === undefined) return;
    for (const listener of listeners)
      if (listener.backing.kind === 'rds') await this.#frontOf(listener.backing, listener);
  }

  /** Opens a connection. @throws Error worded as a failed dial. */
  async open(backing: BackingForm, listener: Listener): Promise<Duplex> {
    switch (backing.kind) {
      case 'postgres': {
        if (this.#database === undefined) throw new Error('connect: connection refused');
        return connected(connect((await this.#database).cluster.socketPath));
      }
      case 'rds': {
        const front = await this.#frontOf(backing, listener);
        return servedBy((socket) => void front.serve(socket));
      }
      case 'tcp':
        return connected(connect(backing.port, '127.0.0.1'));
      case 'socket':
        return connected(connect(backing.path));
      case 'web-page':
        return servedBy((socket) => this.#page.emit('connection', socket));
      case 'echo':
        return servedBy((socket) => socket.pipe(socket));
      case 'bulk':
        return servedBy((socket) => {
          serveCountedBytes(socket).catch((error: unknown) =>
            this.#log.write('debug', 'counted bytes ended', { reason: String(error) }),
          );
        });
      case 'udp':
        throw new Error('connect: connection refused');
    }
  }

  /** Opens a way for datagrams. */
  datagrams(
    backing: BackingForm,
    received: (datagram: Uint8Array) => void,
    ended: (error: NetworkError) => void,
  ): Datagrams {
    if (backing.kind !== 'udp')
      return {
        send: (datagram) => {
          const copy = Uint8Array.from(datagram);
          setImmediate(() => received(copy));
        },
        close: () => undefined,
      };
    const socket = createSocket('udp4');
    const where = `127.0.0.1:${backing.port}`;
    let closed = false;
    const close = () => {
      if (!closed) socket.close();
      closed = true;
    };
    // What is sent before the socket is connected waits inside it; a refusal comes as an ICMP message, later.
    socket.on('error', () => {
      close();
      ended(new NetworkError('ECONNREFUSED', where));
    });
    socket.on('message', (message: Buffer) => received(message));
    socket.connect(backing.port, '127.0.0.1');
    const connected = new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    return {
      send: (datagram) => {
        const copy = Uint8Array.from(datagram);
        void connected.then(() => !closed && socket.send(copy));
      },
      close,
    };
  }

  /** Stops the databases. */
  async close(): Promise<void> {
    this.#page.closeAllConnections();
    const database = await this.#database?.catch(() => undefined);
    await database?.stop();
  }

  /** The front of a listener, made at its first connection. */
  #frontOf(backing: RdsBacking, listener: Listener): Promise<RdsFront> {
    const known = this.#fronts.get(listener);
    if (known !== undefined) return known;
    const made = this.#makeFront(backing, listener);
    this.#fronts.set(listener, made);
    // The next connection tries again.
    made.catch(() => this.#fronts.delete(listener));
    return made;
  }

  async #makeFront(
    { account, region, 'resource-id': resourceId, authority }: RdsBacking,
    { host, port }: Listener,
  ): Promise<RdsFront> {
    if (this.#database === undefined || this.#secured === undefined)
      throw new Error('connect: connection refused');
    const { folder, effects, signIn } = this.#secured;
    const { serverTls } = await import('../../tls/certificate.ts');
    return new RdsFront({
      endpoint: { host, port, account, region, resourceId },
      signIn,
      tls: await serverTls(authority ?? folder, [host], effects),
      socketPath: (await this.#database).cluster.socketPath,
      onRefusal: (user, reason) =>
        this.#log.write('info', 'a database refused a sign-in', { host, user: user.slice(0, 64), reason }),
    });
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
