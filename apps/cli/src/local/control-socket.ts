import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ApiProblem } from '@sallyport/api-client';
import { Problem, toDocument, type ProblemDocument } from '@sallyport/problems';
import { directoriesOf } from '../settings/directories.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';
import { Lines, readAsk, readReply, writeAsk, writeReply, type Ask } from './local-protocol.ts';
import { uidOfLocalPeer } from './local-peer.ts';

/** Somebody who asks may be told things before the answer, and may leave before it. */
export interface Asker {
  tell(event: object): void;
  /** Aborts when the asker has gone. */
  readonly gone: AbortSignal;
}

export interface ControlSocket {
  readonly path: string;
  /** Ends conversations and removes the socket. */
  close(): Promise<void>;
}

/** Conversations at one time; more are not taken. */
const askersMax = 64;
/** An asker that says nothing for this long is cut. */
const askWithinMs = 10_000;
/** A busy machine answers slowly; a process that is gone is noticed at once. */
const answerWithinMs = 5_000;
/** Longest path of a Unix socket that Linux and macOS both take, in bytes (`sun_path`). */
const pathBytesMax = 103;

/** Path of a socket of this process in the person's runtime folder. */
export function ownSocketPath(world: World): string {
  const name = `${world.pid}-${Buffer.from(world.effects.random.bytes(4)).toString('hex')}.sock`;
  return join(directoriesOf(world).runtime, name);
}

/**
 * Listens on a Unix socket (0600 in a 0700 folder) and serves its owner's processes alone: the kernel tells whose the other end is, and another user is
 * answered PEER_REFUSED. Refuses with FILE_UNUSABLE when the socket cannot be made, its name being taken among the reasons.
 */
export async function listenForControl(
  world: World,
  path: string,
  serve: (ask: Ask, asker: Asker) => Promise<object>,
): Promise<ControlSocket> {
  await makePrivateDirectory(directoriesOf(world).runtime, world);
  if (Buffer.byteLength(path) > pathBytesMax)
    throw new Problem('FILE_UNUSABLE', { detail: `${path} is too long for a socket; set XDG_RUNTIME_DIR.` });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    void converse(world, socket, serve);
  });
  server.maxConnections = askersMax;
  await listen(server, path);
  await chmod(path, 0o600);
  const close = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const socket of open) socket.destroySoon();
    await closed;
    await unlink(path).catch(() => undefined);
  };
  return { path, close };
}

function listen(server: NetServer, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Problem('FILE_UNUSABLE', {
          detail: `${path} could not be listened on (${cause.code ?? 'unknown'}).`,
          cause,
        }),
      ),
    );
    server.listen(path, resolve);
  });
}

async function converse(
  world: World,
  socket: Socket,
  serve: (ask: Ask, asker: Asker) => Promise<object>,
): Promise<void> {
  const { timers } = world.effects;
  const gone = new AbortController();
  const patience = timers.after(askWithinMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    timers.cancel(patience);
    gone.abort(new Error('the asker has gone'));
  });
  const finish = (reply: Parameters<typeof writeReply>[0]) => socket.end(writeReply(reply));
  const judged = judge(world, socket);
  // Told when the question has come; until then nobody waits for the verdict.
  judged.catch(() => undefined);
  let asked = false;
  const answer = async (line: string) => {
    if (asked) return;
    asked = true;
    timers.cancel(patience);
    try {
      await judged;
      const ask = readAsk(line);
      if (ask === undefined) return socket.destroy();
      if (ask === 'other') throw new Problem('DAEMON_VERSION_OTHER');
      const tell = (event: object) => void (socket.writable && socket.write(writeReply({ event })));
      finish({ answer: await serve(ask, { tell, gone: gone.signal }) });
    } catch (error) {
      finish({ problem: documentOf(error) });
    }
  };
  const lines = new Lines((line) => void answer(line));
  socket.on('data', (bytes: Buffer) => void (lines.take(bytes) || socket.destroy()));
}

async function judge(world: Pick<World, 'uid'>, socket: Socket): Promise<void> {
  const uid = await uidOfLocalPeer(socket);
  if (uid === undefined || world.uid === undefined || uid === world.uid) return;
  throw new Problem('PEER_REFUSED', {
    detail: `User ${uid} of this machine asked; this belongs to user ${world.uid}.`,
  });
}

function documentOf(error: unknown): ProblemDocument {
  if (error instanceof ApiProblem) return error.document;
  return toDocument(error instanceof Problem ? error : new Problem('INTERNAL_ERROR', { cause: error }));
}

export interface AskOptions {
  /** How long the answer may take, in milliseconds; null: as long as it takes. */
  readonly withinMs?: number | null;
  readonly onEvent?: (event: object) => void;
  readonly signal?: AbortSignal;
}

/**
 * Asks the process behind a socket; undefined when nobody answers there (any more). Refuses with the problem that it answered, or with
 * DAEMON_VERSION_OTHER when it speaks another protocol.
 */
export function askProcess(
  world: Pick<World, 'effects'>,
  path: string,
  ask: Ask,
  { withinMs = answerWithinMs, onEvent, signal }: AskOptions = {},
): Promise<object | undefined> {
  const { timers } = world.effects;
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const patience = withinMs === null ? undefined : timers.after(withinMs, () => socket.destroy());
    const leave = () => socket.destroy();
    signal?.addEventListener('abort', leave, { once: true });
    const lines = new Lines((line) => {
      // Whoever ends another version's process hears its answer too.
      const reply = readReply(line, { anyProtocol: ask.ask === 'shutdown' });
      if (reply === 'other') reject(new Problem('DAEMON_VERSION_OTHER'));
      else if (reply && 'event' in reply) return onEvent?.(reply.event);
      else if (reply && 'problem' in reply) reject(new ApiProblem(reply.problem));
      else if (reply) resolve(reply.answer);
      socket.destroy();
    });
    socket.on('connect', () => socket.write(writeAsk(ask)));
    socket.on('data', (bytes: Buffer) => void (lines.take(bytes) || socket.destroy()));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (patience) timers.cancel(patience);
      signal?.removeEventListener('abort', leave);
      if (signal?.aborted) reject(signal.reason as Error);
      resolve(undefined);
    });
    if (signal?.aborted) leave();
  });
}
