import { lstat, rm, chmod } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { Problem } from '@sallyport/problems';
import type { ListenWish } from './tunnel-options.ts';

/** Where local programs connect. */
export interface LocalListener {
  /** Empty when it is not a port. */
  readonly host: string;
  /** 0 when it is not a port. */
  readonly port: number;
  /** The socket file, or null. */
  readonly path: string | null;
  close(): Promise<void>;
}

/** Nothing on the network reaches a tunnel unless somebody wished it. */
const loopback = '127.0.0.1';

/**
 * Listens as wished. Refuses with LOCAL_PORT_TAKEN when all ports (or the socket file) are taken, and LOCAL_PORT_REFUSED when the system does not
 * allow it, or the path names something that is not a socket. Never shares a port with another program.
 */
export async function listenLocally(
  wish: ListenWish,
  accept: (socket: Socket) => void,
): Promise<LocalListener> {
  if (wish.on === 'nothing') return { host: '', port: 0, path: null, close: async () => undefined };
  return wish.on === 'socket' ? onSocket(wish.path, accept) : onPorts(wish, accept);
}

async function onPorts(
  { host = loopback, ports }: Extract<ListenWish, { on: 'ports' }>,
  accept: (socket: Socket) => void,
): Promise<LocalListener> {
  let taken: Problem | undefined;
  for (const port of ports) {
    try {
      const server = await listening({ host, port, exclusive: true }, accept);
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Problem('LOCAL_PORT_REFUSED');
      return { host, port: address.port, path: null, close: () => closed(server) };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE')
        throw new Problem('LOCAL_PORT_REFUSED', {
          detail: `Port ${port} on ${host} could not be opened (${code ?? 'unknown'}).`,
          cause,
        });
      taken ??= new Problem('LOCAL_PORT_TAKEN', {
        detail: `Port ${port} on ${host} is taken by another program.`,
        cause,
      });
    }
  }
  throw taken ?? new Problem('LOCAL_PORT_REFUSED');
}

/** A socket file for this user alone. One that nobody listens on any more is replaced; anything else there is left alone. */
async function onSocket(path: string, accept: (socket: Socket) => void): Promise<LocalListener> {
  await clearAbandoned(path);
  // The file comes into being with the mode it shall have: a moment of 0777 would let others in.
  const before = process.umask(0o177);
  const bound = listening({ path }, accept);
  process.umask(before);
  let server: Server;
  try {
    server = await bound;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Problem(code === 'EADDRINUSE' ? 'LOCAL_PORT_TAKEN' : 'LOCAL_PORT_REFUSED', {
      detail: `The socket file ${path} could not be opened (${code ?? 'unknown'}).`,
      cause,
    });
  }
  await chmod(path, 0o600);
  return { host: '', port: 0, path, close: () => closed(server) };
}

async function clearAbandoned(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket())
    throw new Problem('LOCAL_PORT_REFUSED', { detail: `${path} exists and is not a socket.` });
  if (await answers(path))
    throw new Problem('LOCAL_PORT_TAKEN', {
      detail: `The socket file ${path} is in use by another program.`,
    });
  await rm(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    // Only a refusal proves that nobody listens: without the right to connect, somebody else's socket would look dead.
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });
}

function listening(options: ListenOptions, accept: (socket: Socket) => void): Promise<Server> {
  // Half-open: the far side may still be answering after the local program has said all it has to say.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      // Accepting can fail later (no descriptors left); the connection is lost then, the tunnel is not.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

const closed = (server: Server) => new Promise<void>((done) => server.close(() => done()));
