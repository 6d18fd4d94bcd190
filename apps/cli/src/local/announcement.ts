import type { ControlPlane, SsmSessions } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { Interrupted, type World } from '../world.ts';
import { listenForControl, ownSocketPath, type ControlSocket } from './control-socket.ts';
import type { Ask } from './local-protocol.ts';
import { startOfProcess } from './process-identity.ts';
import { dropEntry, keepEntry, type TunnelEntry, type TunnelSpot } from './tunnel-registry.ts';

/** What is known of a tunnel before it is opened. */
export type AnnouncedFacts = Pick<TunnelEntry, 'name' | 'grantId' | 'server' | 'background' | 'source'>;

/** What a tunnel answers to other processes of its owner. */
export interface AnnouncedTunnel {
  /** A fresh object of numbers and words for `tunnel ps`. */
  status(): object;
  /** Ends the tunnel in order and resolves when it is down. */
  stop(): Promise<void>;
}

/**
 * Tells other processes of the same person about one tunnel, from before its first session until after its last: a socket to ask it by, and a file that
 * names what would be left if this process were killed.
 */
export class Announcement {
  readonly #world: World;
  #entry: TunnelEntry;
  #control: ControlSocket | undefined;
  #tunnel: AnnouncedTunnel | undefined;
  /** Writes of the file, one after the other; the last state wins. */
  #writing: Promise<void> = Promise.resolve();
  #withdrawn = false;
  #withdrawing: Promise<void> | undefined;
  readonly #abandoned = new AbortController();

  private constructor(world: World, entry: TunnelEntry) {
    this.#world = world;
    this.#entry = entry;
  }

  static async begin(world: World, facts: AnnouncedFacts): Promise<Announcement> {
    const path = ownSocketPath(world);
    const announcement = new Announcement(world, {
      version: 2,
      pid: world.pid,
      processStart: (await startOfProcess(world.pid)) ?? null,
      ...facts,
      sessionId: null,
      ssmSessionIds: [],
      place: null,
      startedAt: new Date(world.effects.clock.now()).toISOString(),
      socket: path,
    });
    announcement.#control = await listenForControl(world, path, (ask) => announcement.#answer(ask));
    await announcement.#keep({});
    return announcement;
  }

  /** Aborts when somebody asks to stop what is not open yet. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** The ways to the control plane and to AWS, noting each session before it is used and striking it out when it has ended. */
  noting<Ways extends { readonly controlPlane: ControlPlane; readonly ssm: SsmSessions }>(ways: Ways): Ways {
    const { controlPlane, ssm } = ways;
    return {
      ...ways,
      controlPlane: {
        ...controlPlane,
        openSession: async (...asked: Parameters<ControlPlane['openSession']>) => {
          const session = await controlPlane.openSession(...asked);
          await this.#keep({ sessionId: session.id });
          return session;
        },
      },
      ssm: {
        ...ssm,
        start: async (...asked: Parameters<SsmSessions['start']>) => {
          const started = await ssm.start(...asked);
          await this.#keep({ ssmSessionIds: [...this.#entry.ssmSessionIds, started.sessionId] });
          return started;
        },
        terminate: async (...asked: Parameters<SsmSessions['terminate']>) => {
          await ssm.terminate(...asked);
          await this.#keep({ ssmSessionIds: this.#entry.ssmSessionIds.filter((id) => id !== asked[2]) });
        },
      },
    };
  }

  /** The tunnel is open: tells where, and serves its owner's questions from now on. */
  async opened(place: TunnelSpot, tunnel: AnnouncedTunnel): Promise<void> {
    this.#tunnel = tunnel;
    await this.#keep({ place });
  }

  /** Takes everything back: the tunnel is down. Whoever asks again waits for the same: a process that ends before would leave its socket. */
  withdraw(): Promise<void> {
    return (this.#withdrawing ??= this.#takeBack());
  }

  async #takeBack(): Promise<void> {
    this.#withdrawn = true;
    await this.#writing;
    await dropEntry(this.#world, this.#entry);
    await this.#control?.close();
  }

  #keep(change: Partial<TunnelEntry>): Promise<void> {
    this.#entry = { ...this.#entry, ...change };
    const write = async () => {
      if (!this.#withdrawn) await keepEntry(this.#world, this.#entry);
    };
    // A file that cannot be written must not cut a working tunnel: what is lost is only the finishing after a kill.
    return (this.#writing = this.#writing.then(write).catch(() => undefined));
  }

  async #answer({ ask }: Ask): Promise<object> {
    const tunnel = this.#tunnel;
    if (ask === 'status') return { state: 'opening', ...tunnel?.status() };
    if (ask !== 'stop')
      throw new Problem('DAEMON_WISH_INVALID', { detail: `A tunnel does not know "${ask.slice(0, 40)}".` });
    if (!tunnel) {
      this.#abandoned.abort(new Interrupted());
      return { state: 'closing' };
    }
    const last = tunnel.status();
    await tunnel.stop();
    return { ...last, state: 'closed' };
  }
}
