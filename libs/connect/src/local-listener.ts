import { createServer, type Server, type Socket } from 'node:net';
import { Problem } from '@sallyport/problems';

/** A listening local port. */
export interface LocalListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Loopback only: nothing on the network reaches a tunnel. */
const host = '127.0.0.1';

/**
 * Listens on the first of `ports` that is free (0 means any). Refuses with LOCAL_PORT_TAKEN when all are taken and LOCAL_PORT_REFUSED when the
 * system does not allow it. Never shares a port with another program.
 */
export async function listenLocally(
  ports: readonly number[],
  accept: (socket: Socket) => void,
): Promise<LocalListener> {
  let taken: Problem | undefined;
  for (const port of ports) {
    // Half-open: the far side may still be answering after the local program has said all it has to say.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
    try {
      return await listening(server, port);
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

function listening(server: Server, port: number): Promise<LocalListener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      // Accepting can fail later (no descriptors left); the connection is lost then, the tunnel is not.
      server.on('error', () => undefined);
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Problem('LOCAL_PORT_REFUSED'));
      const close = () => new Promise<void>((done) => server.close(() => done()));
      resolve({ host, port: address.port, close });
    });
  });
}
