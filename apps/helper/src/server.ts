import { chmodSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Effects } from '@sallyport/effects';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { sendWithDescriptor, uidOfPeer, type LibC } from '@sallyport/tunnel/edge/privileged';
import {
  encodeFrame,
  FrameDecoder,
  rawDescriptor,
  requestForm,
  type HelperReply,
  type HelperRequest,
  type HelperStatus,
} from '@sallyport/tunnel/helper-messages';
import type { Edge } from './edge/edge.ts';
import { Registry } from './registry.ts';
import { Session } from './session.ts';

export interface HelperPorts {
  readonly effects: Effects;
  readonly edge: Edge;
  readonly libc: LibC;
  verify(token: string): Promise<RouteGrantClaims>;
  follow(keySets: readonly string[]): Promise<void>;
  account(): Pick<HelperStatus, 'version' | 'issuers'>;
}

export interface RunningHelper {
  /** Drops every set, tells the clients, and removes the socket. */
  stop(): Promise<void>;
}

/** Connections at once, of all users and of one; more are closed unread. */
const connectionsMax = 128;
const connectionsPerUserMax = 32;
/** Requests of one connection that may wait for their turn. */
const waitingMax = 16;
/** Answers that a client has not read; whoever lets more lie is hung up on. */
const unreadBytesMax = 512 * 1024;

/**
 * Sweeps what a crash left, then listens. Anybody may connect: who it is the kernel says, and what may be asked is in signed grants. A second helper
 * on the same socket refuses to start.
 */
export async function startHelper(socketPath: string, ports: HelperPorts): Promise<RunningHelper> {
  if (await answers(socketPath))
    throw new Problem('HELPER_SYSTEM_REFUSED', { detail: `A helper already listens at ${socketPath}.` });
  const swept = await ports.edge.sweep();
  for (const what of swept) ports.effects.log.write('warn', 'removed what an earlier run left', { what });
  rmSync(socketPath, { force: true });
  const registry = new Registry();
  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const uid = acceptedUid(socket, ports.libc, connections);
    if (uid === null) return void socket.destroy();
    const connection = new Connection(socket, uid, ports, registry, swept);
    connections.add(connection);
    void connection.gone.then(() => connections.delete(connection));
  });
  await listening(server, socketPath);
  return {
    stop: async () => {
      server.close();
      await Promise.all([...connections].map((connection) => connection.stop()));
      rmSync(socketPath, { force: true });
    },
  };
}

async function listening(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o666);
}

function acceptedUid(socket: Socket, libc: LibC, connections: ReadonlySet<Connection>): number | null {
  try {
    const uid = uidOfPeer(libc, rawDescriptor(socket));
    const own = [...connections].filter((one) => one.uid === uid).length;
    return connections.size < connectionsMax && own < connectionsPerUserMax ? uid : null;
  } catch {
    // Whoever cannot be told apart, or has gone already, is not served.
    return null;
  }
}

/** Whether a helper listens there. */
export async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Nothing is there, or a dead helper's socket.
    return false;
  } finally {
    socket.destroy();
  }
}

class Connection {
  readonly uid: number;
  /** Resolves when the socket has ended and everything it held is dropped. */
  readonly gone: Promise<void>;
  readonly #socket: Socket;
  readonly #libc: LibC;
  readonly #session: Session;
  readonly #decoder = new FrameDecoder();
  readonly #log: Effects['log'];
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(socket: Socket, uid: number, ports: HelperPorts, registry: Registry, swept: string[]) {
    this.uid = uid;
    this.#socket = socket;
    this.#libc = ports.libc;
    this.#log = ports.effects.log;
    this.#session = new Session(uid, {
      effects: ports.effects,
      edge: ports.edge,
      registry,
      verify: (token) => ports.verify(token),
      follow: (keySets) => ports.follow(keySets),
      account: () => ({ ...ports.account(), swept }),
      reply: (reply, descriptor) => this.#reply(reply, descriptor),
      hangUp: () => socket.end(),
    });
    // Not `once`, which would reject with the socket's error: whatever ends a client, its things are dropped and the others served on.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    this.gone = closed.then(() => this.#session.end());
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('data', (bytes) => this.#take(bytes));
  }

  async stop(): Promise<void> {
    await this.#session.end('HELPER_STOPPED');
    this.#socket.destroySoon();
    await this.gone;
  }

  #take(bytes: Uint8Array): void {
    try {
      for (const message of this.#decoder.push(bytes)) this.#queue(message);
    } catch (cause) {
      this.#violation(cause);
    }
  }

  #queue(message: unknown): void {
    const parsed = requestForm.safeParse(message);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue?.path.map(String).join('.') ?? '';
      throw new Problem('HELPER_PROTOCOL', {
        detail: `${where}: ${issue?.message ?? 'wrong form'}`.slice(0, 300),
        cause: parsed.error,
      });
    }
    this.#waiting += 1;
    if (this.#waiting > waitingMax)
      throw new Problem('HELPER_LIMITED', { detail: 'Too many requests wait.' });
    this.#work = this.#work.then(() => this.#serve(parsed.data));
  }

  async #serve(request: HelperRequest): Promise<void> {
    try {
      await this.#session.take(request);
    } catch (cause) {
      this.#log.write('error', 'a request failed', { request: request.type, cause: String(cause) });
      this.#socket.destroy();
    } finally {
      this.#waiting -= 1;
    }
  }

  /** What does not keep to the protocol is told so and hung up on; everything it held is dropped. */
  #violation(cause: unknown): void {
    const problem = cause instanceof Problem ? cause : new Problem('HELPER_PROTOCOL', { cause });
    this.#socket.removeAllListeners('data');
    this.#reply({ type: 'refused', code: problem.code, detail: problem.detail });
    this.#socket.destroySoon();
  }

  #reply(reply: HelperReply, descriptor?: number): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (this.#socket.writableLength > unreadBytesMax) return void this.#socket.destroy();
    const frame = encodeFrame(reply);
    if (descriptor === undefined) return void this.#socket.write(frame);
    try {
      const sent = sendWithDescriptor(this.#libc, rawDescriptor(this.#socket), frame, descriptor);
      if (sent < frame.length) this.#socket.write(frame.subarray(sent));
    } catch (cause) {
      this.#log.write('warn', 'the client left before its device came', { cause: String(cause) });
      this.#socket.destroy();
    }
  }
}
