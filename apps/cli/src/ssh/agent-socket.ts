import { chmod, lstat, readdir, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { converseAsAgent, keysOfSibling, type AgentKey, type Asker } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { uidOfLocalPeer } from '../local/local-peer.ts';
import { alone } from '../settings/alone.ts';
import { makePrivateDirectory } from '../settings/private-files.ts';
import type { World } from '../world.ts';

/** Conversations at one time: ssh has one, and so may each ssh to the same name. */
const askersMax = 64;
/** Other keys than one's own that an ssh is offered which does not tell its connection: sshd takes six tries. */
const othersMax = 5;
/** A conversation with the ssh of another connection may end in order. */
const patienceMs = 1_000;

/** The key of one connection. */
export interface ConnectionKey {
  /** The key, once it is where the connection leads; empty where none is to be offered. */
  keys(): Promise<readonly AgentKey[]>;
  /** The host key (as on the wire) that the connection was shown; undefined before that. */
  hostKey(): Buffer | undefined;
  /** A signature was made with the key. */
  used(): void;
}

/**
 * The socket at which ssh finds the key of its connection. Several connections to one user at one host share the name that ssh knows: it is a link to the socket of
 * one of their processes, and goes over to another when that one ends. Where they lead to several instances, that one asks the others for the key of the instance
 * whose host key ssh names.
 */
export class AgentSocket {
  readonly #world: World;
  readonly #link: string;
  readonly #own: string;
  readonly #key: ConnectionKey;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #known = new WeakSet<AgentKey>();
  #used = false;

  private constructor(world: World, link: string, key: ConnectionKey) {
    this.#world = world;
    this.#link = link;
    this.#own = `${link}.${world.pid}`;
    this.#key = key;
    const comment = `tunnel ${basename(link)}`;
    const offered = {
      keys: (asker: Asker) => this.#offered(asker),
      used: (used: AgentKey) => this.#noteUse(used),
    };
    this.#server = createServer((socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
      socket.on('error', () => socket.destroy());
      // Asked by somebody else, which the folder's mode prevents but for root: no answer.
      void uidOfLocalPeer(socket).then((uid) => {
        const stranger = uid !== undefined && world.uid !== undefined && uid !== world.uid;
        if (stranger) socket.destroy();
        else converseAsAgent(socket, offered, comment);
      });
    });
    this.#server.maxConnections = askersMax;
  }

  /** Listens (0600 in a 0700 folder); nobody finds it before {@link publish}. */
  static async open(world: World, link: string, key: ConnectionKey): Promise<AgentSocket> {
    await makePrivateDirectory(dirname(link), world);
    const opened = new AgentSocket(world, link, key);
    const own = opened.#own;
    await removed(own);
    await new Promise<void>((resolve, reject) => {
      opened.#server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new Problem('FILE_UNUSABLE', {
            detail: `${own} could not be listened on (${cause.code ?? 'unknown'}).`,
            cause,
          }),
        ),
      );
      opened.#server.listen(own, resolve);
    });
    await chmod(own, 0o600);
    return opened;
  }

  /** From now on ssh finds this one. */
  async publish(): Promise<void> {
    await alone(this.#link, this.#world, () => pointTo(this.#link, this.#own));
  }

  /** Ends it; ssh finds another process of the same host, if there is one. Who asks now is answered first. */
  async close(): Promise<void> {
    await alone(this.#link, this.#world, async () => {
      const found = await readlink(this.#link).catch(() => undefined);
      if (found === basename(this.#own)) await this.#handOver();
      await removed(this.#own);
    });
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    const { timers } = this.#world.effects;
    const enough = timers.after(patienceMs, () => {
      for (const socket of this.#open) socket.destroy();
    });
    await closed;
    timers.cancel(enough);
  }

  async #offered({ hostKey, sibling }: Asker): Promise<readonly AgentKey[]> {
    const same = hostKey !== undefined && this.#key.hostKey()?.equals(hostKey) === true;
    // Another process asks for its own ssh: this key, unless ssh has had it.
    if (sibling) return this.#used || (hostKey !== undefined && !same) ? [] : this.#ownKeys();
    if (same) return this.#ownKeys();
    const others = await this.#keysOfSiblings(hostKey);
    if (hostKey !== undefined && others.length > 0) return others;
    return [...(await this.#ownKeys()), ...others.slice(0, othersMax)];
  }

  async #keysOfSiblings(hostKey: Buffer | undefined): Promise<readonly AgentKey[]> {
    const asked = (await this.#siblings()).map((path) =>
      keysOfSibling(() => createConnection(path), hostKey),
    );
    return (await Promise.all(asked)).flat();
  }

  /** Sockets of other processes for the same name. */
  async #siblings(): Promise<readonly string[]> {
    const [folder, start] = [dirname(this.#link), `${basename(this.#link)}.`];
    const names = await readdir(folder).catch(() => [] as string[]);
    return names
      .filter((name) => name.startsWith(start) && /^\d+$/u.test(name.slice(start.length)))
      .map((name) => join(folder, name))
      .filter((path) => path !== this.#own);
  }

  async #ownKeys(): Promise<readonly AgentKey[]> {
    const keys = await this.#key.keys();
    for (const key of keys) this.#known.add(key);
    return keys;
  }

  #noteUse(key: AgentKey): void {
    if (!this.#known.has(key)) return;
    this.#used = true;
    this.#key.used();
  }

  async #handOver(): Promise<void> {
    for (const sibling of await this.#siblings()) {
      if (await answers(sibling)) return pointTo(this.#link, sibling);
      await removed(sibling);
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
