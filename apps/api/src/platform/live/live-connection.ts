import type { Actor } from '../http/actor.ts';
import type { Authenticator } from '../http/authenticator.ts';
import type { LiveHint } from '../live-hints/live-hints.ts';
import { bufferedBytesMax, queuedHintsMax } from './limits.ts';

/** The parts of a WebSocket that a connection uses. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
}

/** Why we end a connection, as its close code and reason. */
const closings = {
  signedOut: [4401, 'SIGN_IN_REQUIRED'],
  roleLost: [4403, 'ROLE_MISSING'],
  scopeMissing: [4403, 'TOKEN_SCOPE_MISSING'],
  tooSlow: [4408, 'too slow: read the state again'],
  foreignOrigin: [1008, 'ORIGIN_FOREIGN'],
  secretInAddress: [1008, 'nothing may follow the path'],
  spoke: [1008, 'this connection only listens'],
  spokeBinary: [1003, 'this connection only listens'],
  tooMany: [1013, 'too many connections'],
  stopping: [1001, 'the server stops'],
} as const satisfies Record<string, readonly [code: number, reason: string]>;
export type Closing = keyof typeof closings;

export function closeWith(socket: Pick<LiveSocket, 'close'>, closing: Closing): void {
  const [code, reason] = closings[closing];
  socket.close(code, reason);
}

/** One listener: a bounded queue of hints, each authorised when it is sent. */
export class LiveConnection {
  readonly #socket: LiveSocket;
  readonly #authenticator: Authenticator;
  #actor: Actor;
  #queue: LiveHint[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;
  #answered = true;

  constructor(socket: LiveSocket, actor: Actor, authenticator: Authenticator) {
    this.#socket = socket;
    this.#actor = actor;
    this.#authenticator = authenticator;
  }

  get actor(): Actor {
    return this.#actor;
  }

  greet(at: number): void {
    this.#send({ topic: 'hello', id: this.#actor.id, version: 0, at: new Date(at).toISOString() });
  }

  /** Queues a hint when it concerns the person; what concerns others costs nothing. */
  offer(hint: LiveHint): void {
    if (this.#closed || !concerns(hint, this.#actor)) return;
    if (this.#queue.length >= queuedHintsMax) return this.end('tooSlow');
    this.#queue.push(hint);
    this.#draining ??= this.#drain().finally(() => (this.#draining = undefined));
  }

  /** Looks whether the person still stands as when they came, and whether the other side still answers. */
  async check(): Promise<void> {
    if (this.#closed) return;
    if (!this.#answered) {
      this.#closed = true;
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    this.#socket.ping();
    await this.#stands();
  }

  answered(): void {
    this.#answered = true;
  }

  end(closing: Closing): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    closeWith(this.#socket, closing);
  }

  /** The other side went away. */
  gone(): void {
    this.#closed = true;
    this.#queue = [];
  }

  /** Resolves when every hint offered so far is sent or dropped. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && (await this.#stands())) {
      const batch = this.#queue;
      this.#queue = [];
      for (const hint of batch) if (concerns(hint, this.#actor)) this.#sendHint(hint);
    }
  }

  /** Asks the database who this is now; ends the connection when it is not whom it greeted. */
  async #stands(): Promise<boolean> {
    const now = await this.#authenticator.again(this.#actor).catch(() => undefined);
    if (this.#closed) return false;
    if (!now) {
      this.end('signedOut');
      return false;
    }
    const lost = this.#actor.roles.some((role) => !now.roles.includes(role));
    if (lost) {
      this.end('roleLost');
      return false;
    }
    this.#actor = now;
    return true;
  }

  #sendHint({ topic, id, version, at }: LiveHint): void {
    this.#send({ topic, id, version, at: new Date(at).toISOString() });
  }

  #send(message: object): void {
    if (this.#closed) return;
    if (this.#socket.bufferedAmount > bufferedBytesMax) return this.end('tooSlow');
    this.#socket.send(JSON.stringify(message));
  }
}

/** Whether a hint is for this person: named, in a group, or by a role; and for this token, if it is one. */
function concerns({ audience, topic }: LiveHint, actor: Actor): boolean {
  if (topic === 'audit' && actor.scopes !== null && !actor.scopes.includes('audit')) return false;
  return (
    audience.people.includes(actor.id) ||
    audience.groups.some((group) => actor.groups.includes(group)) ||
    audience.roles.some((role) => (actor.roles as readonly string[]).includes(role))
  );
}
