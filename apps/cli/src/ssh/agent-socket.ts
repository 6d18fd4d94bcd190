import { chmod, lstat, readdir, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { converseAsAgent, type OfferedKeys } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { uidOfLocalPeer } from '../local/local-peer.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** Conversations at one time: ssh has one. */
const askersMax = 16;

/**
 * The socket at which ssh finds the key of its connection. Several connections to one user at one host share the name that ssh knows: it is a link to the socket of
 * one of their processes, and goes over to another when that one ends.
 */
export class AgentSocket {
  readonly #link: string;
  readonly #own: string;
  readonly #server: Server;
  readonly #open: ReadonlySet<Socket>;

  private constructor(link: string, own: string, server: Server, open: ReadonlySet<Socket>) {
    this.#link = link;
    this.#own = own;
    this.#server = server;
    this.#open = open;
  }

  /** Listens (0600 in a 0700 folder); nobody finds it before {@link publish}. */
  static async open(world: World, link: string, keys: OfferedKeys): Promise<AgentSocket> {
    await makePrivateDirectory(dirname(link), world);
    const own = `${link}.${world.pid}`;
    const comment = `tunnel ${basename(link)}`;
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => socket.destroy());
      // Asked by somebody else, which the folder's mode prevents but for root: no answer.
      void uidOfLocalPeer(socket).then((uid) => {
        const stranger = uid !== undefined && world.uid !== undefined && uid !== world.uid;
        if (stranger) socket.destroy();
        else converseAsAgent(socket, keys, comment);
      });
    });
    server.maxConnections = askersMax;
    await removed(own);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new Problem('FILE_UNUSABLE', {
            detail: `${own} could not be listened on (${cause.code ?? 'unknown'}).`,
            cause,
          }),
        ),
      );
      server.listen(own, resolve);
    });
    await chmod(own, 0o600);
    return new AgentSocket(link, own, server, open);
  }

  /** From now on ssh finds this one. */
  async publish(): Promise<void> {
    await pointTo(this.#link, this.#own);
  }

  /** Ends it; ssh finds another process of the same host, if there is one. */
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const socket of this.#open) socket.destroy();
    await removed(this.#own);
    const found = await readlink(this.#link).catch(() => undefined);
    if (found === basename(this.#own)) await this.#handOver();
    await closed;
  }

  async #handOver(): Promise<void> {
    const [folder, start] = [dirname(this.#link), `${basename(this.#link)}.`];
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names.filter(
      (other) => other.startsWith(start) && /^\d+$/u.test(other.slice(start.length)),
    )) {
      if (await answers(join(folder, name))) return pointTo(this.#link, join(folder, name));
      await removed(join(folder, name));
    }
    await removed(this.#link);
  }
}

async function pointTo(link: string, socket: string): Promise<void> {
  const found = await lstat(link).catch(() => undefined);
  if (found && !found.isSymbolicLink())
    throw new Problem('FILE_UNUSABLE', { detail: `${link} is in the way of a socket of ours.` });
  const draft = `${socket}.new`;
  await removed(draft);
  await symlink(basename(socket), draft);
  await rename(draft, link);
}

/** Whether a process listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function removed(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT')
      throw new Problem('FILE_UNUSABLE', { detail: `${path} could not be removed.`, cause: error });
  });
}
