import type { Duplex } from 'node:stream';
import { Problem } from '@sallyport/problems';
import type { Destination } from '@sallyport/tunnel';
import type { Traffic } from '../control-plane.ts';
import { orAborted } from '../lease-source.ts';
import type { EphemeralKey } from './ephemeral-key.ts';
import { flowProblem } from './flow-problem.ts';
import type { HostKeys } from './host-keys.ts';
import { SendQueue } from './send-queue.ts';
import { reset, SshFlow } from './ssh-flow.ts';
import type { SshChannel, SshClient } from './ssh-library.ts';

export interface SshConnectionParts {
  /** The way to the sshd; belongs to the connection from now on. */
  readonly way: Duplex;
  readonly user: string;
  readonly key: EphemeralKey;
  readonly hostKeys: HostKeys;
}

const readyWithinMs = 30_000;
/** Three unanswered ones in a row end the connection: within 45 s, as everywhere else. */
const keepaliveMs = 15_000;
const keepalivesMax = 3;
/** One SSH connection that forwards and does nothing else: no shell, no command, no agent is ever asked for. */
export class SshConnection {
  readonly closed: Promise<void>;
  readonly #client: SshClient;
  readonly #queue: SendQueue;
  readonly #flows = new Set<SshFlow>();
  #opening = 0;
  #traffic: Traffic = { bytesUp: 0, bytesDown: 0 };
  #over = false;

  private constructor(client: SshClient, way: Duplex) {
    this.#client = client;
    this.#queue = new SendQueue(way);
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        // Before the library tells each channel of an ordinary end: this is none.
        for (const flow of this.#flows) flow.destroy(reset());
        resolve();
      };
      way.once('close', over);
      client.once('close', over);
      client.once('end', over);
    });
    // Whatever else goes wrong: the connection is of no use any more.
    client.on('error', () => way.destroy());
  }

  /**
   * Signs in. Refuses with SSH_HOST_KEY_CHANGED, SSH_SIGN_IN_REFUSED, SSH_FAILED or, when the way breaks, REACH_DOWN; then nothing is left open.
   */
  static async open(parts: SshConnectionParts, signal: AbortSignal): Promise<SshConnection> {
    const { way, user, key, hostKeys } = parts;
    const { Client } = await import('./ssh-library.ts');
    const client = new Client();
    const outcome = Promise.withResolvers<void>();
    outcome.promise.catch(() => undefined);
    let changed: Problem | undefined;
    client.once('ready', () => outcome.resolve());
    client.once('error', (error) => outcome.reject(changed ?? refusalOf(error, user)));
    way.once('close', () => outcome.reject(changed ?? new Problem('REACH_DOWN')));
    client.once('end', () => outcome.reject(changed ?? new Problem('SSH_FAILED')));
    way.on('error', () => way.destroy());
    client.connect({
      sock: way,
      username: user,
      readyTimeout: readyWithinMs,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: keepalivesMax,
      algorithms: { serverHostKey: hostKeys.algorithms },
      hostVerifier: (shown: Buffer) => {
        changed = hostKeys.judge(shown);
        return changed === undefined;
      },
      privateKey: key.privateKey,
      authHandler: ['publickey'],
    });
    const connection = new SshConnection(client, way);
    try {
      await orAborted(outcome.promise, signal);
    } catch (error) {
      connection.close();
      way.destroy();
      throw error;
    }
    // From now on this sshd grants no shell to this connection, whoever may get hold of it.
    connection.#onWay(() => client.openssh_noMoreSessions(() => undefined));
    return connection;
  }

  /** The library throws an error of its own for a way that is closing and not yet closed. */
  #onWay(ask: () => void): void {
    try {
      ask();
    } catch (cause) {
      this.close();
      throw new Problem('REACH_DOWN', { cause });
    }
  }

  get over(): boolean {
    return this.#over;
  }
  get flows(): number {
    return this.#flows.size + this.#opening;
  }
  get traffic(): Traffic {
    return this.#traffic;
  }
  /** Bytes that wait to be sent. */
  get backlog(): number {
    return this.#queue.backlog;
  }

  /** Asks sshd to connect; resolves when the destination has accepted. Refuses with the FLOW code that sshd's answer means. */
  async open(to: Destination, signal: AbortSignal): Promise<Duplex> {
    const answer = Promise.withResolvers<SshChannel>();
    this.#opening += 1;
    try {
      if (this.#over) throw new Problem('REACH_DOWN');
      this.#onWay(() =>
        this.#client.forwardOut('127.0.0.1', 0, to.address, to.port, (error, channel) => {
          if (error) return answer.reject(this.#over ? new Problem('REACH_DOWN') : flowProblem(error, to));
          // SSH cannot take a request back: an answer that nobody waits for any more is closed.
          if (signal.aborted) return channel.close();
          answer.resolve(channel);
        }),
      );
      return this.#flow(await orAborted(answer.promise, signal));
    } finally {
      this.#opening -= 1;
    }
  }

  /** Ends it; open conversations are reset. */
  close(): void {
    for (const flow of this.#flows) flow.destroy(reset());
    this.#client.end();
  }

  #flow(channel: SshChannel): Duplex {
    const flow = new SshFlow(channel, this.#queue, ({ up, down }) => {
      const { bytesUp, bytesDown } = this.#traffic;
      this.#traffic = { bytesUp: bytesUp + up, bytesDown: bytesDown + down };
    });
    this.#flows.add(flow);
    flow.on('close', () => this.#flows.delete(flow));
    return flow;
  }
}

/** What the library says when a connection does not come about. */
function refusalOf(error: Error & { level?: string }, user: string): Problem {
  if (error.level === 'client-authentication')
    return new Problem('SSH_SIGN_IN_REFUSED', {
      detail: `The gateway does not let ${user} in.`,
      cause: error,
    });
  return new Problem('SSH_FAILED', { detail: `${error.message}.`, cause: error });
}
