import type { Duplex } from 'node:stream';
import type { TimerHandle } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Carried, Destination, Reach } from '@sallyport/tunnel';
import { MemberLoad } from '../member-load.ts';
import { SshConnection } from './ssh-connection.ts';
import { SshDoor, type SshDoorParts } from './ssh-door.ts';

export interface SshReachOptions extends SshDoorParts {
  /** What becomes of conversations while no session is there: they wait for one, or are refused at once. */
  readonly whileDown: 'wait' | 'refuse';
  /** SSH connections at once, each over a session of its own as far as the tunnel's pool allows; default 8. */
  readonly connectionsMax?: number;
}

const connectionsMaxDefault = 8;
/** Up to so many connections no two conversations share one: what is quiet now may be beside bulk in a moment. */
const unsharedMax = 3;
/** How long a conversation waits for a connection of its own while others could take it. */
const ownWithinMs = 2_500;
const flowsMax = 1_024;
/** A connection without conversations ends after this long, unless it is the first. */
const idleMs = 60_000;
const sampleMs = 1_000;
/** An attempt to connect is given up after this long, and conversations that wait for it are told. */
const connectWithinMs = 45_000;

/**
 * The way into a network by the sshd of its gateway: TCP alone, each conversation a `direct-tcpip` channel of one of a few SSH connections over the sessions of
 * the tunnel. A conversation ends with its connection; the next one brings a new connection about, with the key pushed anew.
 */
export class SshReach implements Reach {
  readonly carries: ReadonlySet<Carried> = new Set(['tcp']);
  readonly #options: SshReachOptions;
  readonly #door: SshDoor;
  readonly #connections = new Map<SshConnection, MemberLoad>();
  readonly #closing = new AbortController();
  readonly #sampling: TimerHandle;
  #starting: Promise<SshConnection> | undefined;
  #startingCount = 0;

  private constructor(options: SshReachOptions) {
    this.#options = options;
    this.#door = new SshDoor(options);
    const { timers, clock } = options.effects;
    this.#sampling = timers.every(sampleMs, () => this.#sample(clock.monotonic()));
    void options.tunnel.ended.then(() => this.close());
  }

  /** Signs in once before anything is carried. Refuses with the first problem met, SSH_HOST_KEY_CHANGED for one. */
  static async open(options: SshReachOptions, signal?: AbortSignal): Promise<SshReach> {
    const reach = new SshReach(options);
    const abandon = () => reach.close();
    signal?.addEventListener('abort', abandon, { once: true });
    try {
      signal?.throwIfAborted();
      await reach.#start();
    } catch (error) {
      reach.close();
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
    return reach;
  }

  /** Conversations and SSH connections at this moment. */
  get counts(): { readonly flows: number; readonly connections: number } {
    return { flows: this.#flows, connections: this.#connections.size };
  }

  async openTcp(to: Destination, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    const { tunnel, whileDown } = this.#options;
    if (this.#closing.signal.aborted || tunnel.end) throw new Problem('REACH_ENDED');
    if (whileDown === 'refuse' && tunnel.state === 'reconnecting') throw new Problem('REACH_DOWN');
    if (this.#flows >= flowsMax) throw new Problem('FLOW_LIMITED');
    const connection = this.#fitting() ?? (await this.#another(signal));
    this.#connections.get(connection)?.placed(this.#options.effects.clock.monotonic());
    try {
      return await connection.open(to, signal);
    } catch (error) {
      const lost = error instanceof Problem && error.code === 'REACH_DOWN';
      if (!lost || signal.aborted || whileDown === 'refuse') throw error;
      // It broke between choice and answer; nothing of the conversation was carried yet.
      return (await this.#another(signal)).open(to, signal);
    }
  }

  /** Ends every connection. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Problem('REACH_ENDED'));
    this.#options.effects.timers.cancel(this.#sampling);
    for (const connection of this.#connections.keys()) connection.close();
  }

  get #flows(): number {
    return [...this.#connections.keys()].reduce((sum, { flows }) => sum + flows, 0);
  }

  /** Connections, the best for a new conversation first: without bulk, then few conversations, then a short queue. */
  #candidates(): SshConnection[] {
    const busy = (connection: SshConnection) => Number(this.#connections.get(connection)?.busy ?? false);
    return [...this.#connections.keys()]
      .filter(({ over }) => !over)
      .sort((a, b) => busy(a) - busy(b) || a.flows - b.flows || a.backlog - b.backlog);
  }

  /** A connection that a conversation may have at once; undefined when there is to be another one for it. */
  #fitting(): SshConnection | undefined {
    const [best] = this.#candidates();
    if (!best) return undefined;
    const known = this.#connections.size + this.#startingCount;
    const quiet = this.#connections.get(best)?.quiet(this.#options.effects.clock.monotonic()) === true;
    if (best.flows === 0 || (known >= unsharedMax && quiet)) return best;
    return known >= (this.#options.connectionsMax ?? connectionsMaxDefault) ? best : undefined;
  }

  /** One more connection, or the best of the others when that takes too long. */
  async #another(signal: AbortSignal): Promise<SshConnection> {
    if (this.#candidates().length === 0) return this.#untilStarted(signal);
    const { timers } = this.#options.effects;
    const patience = new AbortController();
    const own = this.#start().catch(() => undefined);
    const made = await Promise.race([
      own,
      timers.wait(ownWithinMs, AbortSignal.any([patience.signal, signal])).catch(() => undefined),
    ]);
    patience.abort();
    signal.throwIfAborted();
    return made ?? this.#candidates()[0] ?? this.#untilStarted(signal);
  }

  /** The first connection again, shared by all that wait for one. */
  #untilStarted(signal: AbortSignal): Promise<SshConnection> {
    this.#starting ??= this.#start()
      .catch((error: unknown) => {
        const code = error instanceof Problem ? error.code : 'SSH_FAILED';
        this.#options.debug('ssh', { failed: code });
        if (code === 'REACH_ENDED') throw error;
        throw new Problem('REACH_DOWN', {
          ...(error instanceof Problem && error.detail !== undefined ? { detail: error.detail } : {}),
          cause: error,
        });
      })
      .finally(() => (this.#starting = undefined));
    const starting = this.#starting;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      starting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  async #start(): Promise<SshConnection> {
    const { timers, clock } = this.#options.effects;
    const limit = new AbortController();
    const timer = timers.after(connectWithinMs, () => limit.abort(new Problem('SSH_FAILED')));
    this.#startingCount += 1;
    try {
      const connection = await this.#door.connect(AbortSignal.any([this.#closing.signal, limit.signal]));
      const load = new MemberLoad();
      load.placed(clock.monotonic());
      this.#connections.set(connection, load);
      void connection.closed.then(() => this.#connections.delete(connection));
      if (this.#closing.signal.aborted) connection.close();
      return connection;
    } finally {
      timers.cancel(timer);
      this.#startingCount -= 1;
    }
  }

  #sample(now: number): void {
    const [first] = this.#connections.keys();
    for (const [connection, load] of this.#connections) {
      const { traffic, flows, backlog } = connection;
      // A queue of so many bytes is a standing one.
      load.sample(now, { traffic, flows, queued: backlog / 1024, held: false });
      if (connection !== first && load.idleFor(now) >= idleMs) connection.close();
    }
  }
}
