import { lstat } from 'node:fs/promises';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import { encodeFrame, FrameDecoder } from './frames.ts';
import {
  helperProtocol,
  limits,
  replyForm,
  type ChangeWish,
  type HelperReply,
  type HelperStatus,
  type Opened,
  type OpenWish,
} from './messages.ts';
import type { LibC } from '../edge/native/system-calls.ts';

/** Where the installed helper listens; `TUNNEL_HELPER_SOCKET` names another one. */
export const helperSocketPath = '/run/sallyport/helper.sock';
/** macOS has no /run. */
export const helperSocketPathDarwin = '/var/run/sallyport/helper.sock';

export interface HelperAddress {
  readonly path?: string;
  /** The user who must own the socket: root, unless a test runs the helper otherwise. */
  readonly ownerUid?: number;
}

/** What stands after `open`: the helper's account, and the device's descriptor, which is the caller's to close. */
export interface OpenedByHelper {
  readonly opened: Opened;
  readonly fd: number | null;
}

/** A connection to the helper: it holds one set of things, and its end drops them. */
export interface HelperConnection {
  /** @throws Problem HELPER_REFUSED and its kin, ROUTE_CONFLICT (both networks named), HELPER_LOST. */
  open(wish: OpenWish): Promise<OpenedByHelper>;
  change(wish: ChangeWish): Promise<Opened>;
  status(): Promise<HelperStatus>;
  /**
   * Hands over the control plane's signed sets of keys, the oldest first. @throws Problem SIGNED_TOKEN_EXPIRED when none is newer than what it believes,
   * SIGNED_TOKEN_KEY_UNKNOWN when none is signed with a key it believes, and the other refusals of such a set.
   */
  followKeys(keySets: readonly string[]): Promise<void>;
  /** Drops what stands and resolves when it is gone. */
  close(): Promise<void>;
  /** Resolves when the connection is over, with why: `GRANT_ENDED`, `HELPER_STOPPED`, `HELPER_LISTENER_FOREIGN`, `HELPER_LOST`, or null after {@link close}. */
  readonly ended: Promise<string | null>;
}

/**
 * Connects to the privileged helper. @throws Problem HELPER_NOT_INSTALLED when nothing listens there, HELPER_REFUSED when the socket is
 * not root's.
 */
export async function connectHelper(address: HelperAddress = {}): Promise<HelperConnection> {
  const path = address.path ?? (process.platform === 'darwin' ? helperSocketPathDarwin : helperSocketPath);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) throw new Problem('HELPER_NOT_INSTALLED');
  if (!found.isSocket() || found.uid !== (address.ownerUid ?? 0))
    throw new Problem('HELPER_REFUSED', { detail: `${path} is not a socket that root owns.` });
  const socket = createConnection({ path });
  socket.pause();
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new Problem('HELPER_NOT_INSTALLED', { detail: 'The helper does not run.', cause });
  }
  return new HelperSocket(socket);
}

interface Answer {
  readonly reply: HelperReply;
  readonly descriptor: number | null;
}

interface Waiting {
  readonly resolve: (reply: HelperReply) => void;
  readonly reject: (problem: Problem) => void;
}

class HelperSocket implements HelperConnection {
  readonly ended: Promise<string | null>;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #waiting: Waiting[] = [];
  #endCode: string | null = 'HELPER_LOST';
  #reading = false;
  #first: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    this.ended = new Promise((resolve) =>
      socket.once('close', () => {
        for (const { reject } of this.#waiting.splice(0)) reject(new Problem('HELPER_LOST'));
        resolve(this.#endCode);
      }),
    );
  }

  async open(wish: OpenWish): Promise<OpenedByHelper> {
    if (this.#reading) throw new Problem('HELPER_PROTOCOL', { detail: 'A connection opens once.' });
    const { reply, descriptor } = await this.#askFirst({ ...wish, type: 'open', protocol: helperProtocol });
    if (reply.type !== 'opened') throw refusal(reply);
    this.#read();
    return { opened: reply, fd: descriptor };
  }

  async change(wish: ChangeWish): Promise<Opened> {
    return asOpened(await this.#ask({ ...wish, type: 'change' }));
  }

  async status(): Promise<HelperStatus> {
    const { next, ...whole } = await this.#statusFrom({});
    for (let from = next; from != null;) {
      const page = await this.#statusFrom({ from });
      whole.sets.push(...page.sets);
      if (page.next != null && page.next <= from)
        throw new Problem('HELPER_PROTOCOL', { detail: 'The helper tells its sets without end.' });
      from = page.next;
    }
    return whole;
  }

  async #statusFrom(from: { from?: number }): Promise<HelperStatus> {
    const reply = await this.#ask({ type: 'status', ...from });
    if (reply.type !== 'status') throw refusal(reply);
    return reply;
  }

  async followKeys(keySets: readonly string[]): Promise<void> {
    const reply = await this.#ask({ type: 'follow-keys', keySets: keySets.slice(-limits.keySets) });
    if (reply.type !== 'keys') throw refusal(reply);
  }

  async close(): Promise<void> {
    this.#endCode = null;
    if (this.#socket.destroyed) return;
    try {
      await this.#ask({ type: 'close' });
    } catch {
      // The helper is gone, and with its end of the socket everything it held for us.
    }
    this.#socket.destroy();
    await this.ended;
  }

  async #ask(message: object): Promise<HelperReply> {
    if (!this.#reading) return (await this.#askFirst(message)).reply;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Problem('HELPER_LOST'));
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeFrame(message));
    });
  }

  /** Before anything is open Node does not read the socket: what it reads loses the descriptor beside it. */
  #askFirst(message: object): Promise<Answer> {
    const asked = this.#first.then(async () => {
      const { libc } = await import('../edge/native/libc.ts');
      if (this.#socket.destroyed) throw new Problem('HELPER_LOST');
      this.#socket.write(encodeFrame(message));
      return this.#replyWithDescriptor(libc());
    });
    this.#first = asked.catch(() => undefined);
    return asked;
  }

  #read(): void {
    this.#reading = true;
    this.#socket.on('data', (bytes) => this.#take(bytes));
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.resume();
  }

  #take(bytes: Uint8Array): void {
    try {
      for (const message of this.#decoder.push(bytes)) {
        const reply = replyForm.parse(message);
        if (reply.type === 'ended') this.#endCode = reply.code;
        else this.#waiting.shift()?.resolve(reply);
      }
    } catch {
      // What speaks otherwise is not the helper: the connection ends, and those who wait learn it.
      this.#socket.destroy();
    }
  }

  /** Reads the socket ourselves until the first reply is whole, since a descriptor may come with it. */
  async #replyWithDescriptor(libc: LibC): Promise<Answer> {
    const { receive } = await import('../edge/native/devices.ts');
    const fd = rawDescriptor(this.#socket);
    let descriptor: number | null = null;
    try {
      for (;;) {
        if (this.#socket.destroyed) throw new Problem('HELPER_LOST');
        if (!(await libc.pollReadable(fd, pollMs))) continue;
        if (this.#socket.destroyed) throw new Problem('HELPER_LOST');
        const received = receive(libc, fd);
        if (received === null) continue;
        descriptor ??= received.descriptor;
        if (received.bytes.length === 0) throw new Problem('HELPER_LOST');
        const [first] = this.#decoder.push(received.bytes);
        if (first !== undefined) return { reply: replyForm.parse(first), descriptor };
      }
    } catch (cause) {
      if (descriptor !== null) libc.close(descriptor);
      this.#socket.destroy();
      throw cause instanceof Problem ? cause : new Problem('HELPER_LOST', { cause });
    }
  }
}

/** How long one wait in the kernel lasts, so that a destroyed socket is noticed. */
const pollMs = 500;

/** The number of the socket's descriptor. Node has no public name for it; both systems' builds have had this one for ten years. */
export function rawDescriptor(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle?: { fd?: number } | null };
  const fd = _handle?.fd;
  if (fd === undefined || fd < 0) throw new Problem('HELPER_LOST');
  return fd;
}

function asOpened(reply: HelperReply): Opened {
  if (reply.type !== 'opened') throw refusal(reply);
  return reply;
}

function refusal(reply: HelperReply): Problem {
  if (reply.type !== 'refused')
    return new Problem('HELPER_PROTOCOL', { detail: `Unexpected ${reply.type}.` });
  const { code, detail, existing } = reply;
  const known = entryOf(code) === undefined ? 'HELPER_REFUSED' : (code as ProblemCode);
  return new Problem(known, { detail, ...(existing === undefined ? {} : { extensions: { existing } }) });
}
