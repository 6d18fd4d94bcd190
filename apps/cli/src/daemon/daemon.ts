import type { TimerHandle } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { leaveWord } from '../local/last-words.ts';
import { listenForControl, type Asker, type ControlSocket } from '../local/control-socket.ts';
import type { Ask } from '../local/local-protocol.ts';
import { endInTime } from '../process/end-in-time.ts';
import type { Printer } from '../output/printer.ts';
import { troubleOf } from '../output/problem-text.ts';
import { talk } from '../output/tunnel-talk.ts';
import type { ListenAt } from '../stories/listen-where.ts';
import { grantEnded } from '../stories/tunnel-end.ts';
import type { TunnelReport } from '../stories/tunnel-event.ts';
import { openTunnel, type OpenTunnel } from '../stories/open-tunnel.ts';
import type { World } from '../world.ts';
import type { LogFile } from './log-file.ts';
import { LeftRecordings } from './left-recordings.ts';
import { SignedIn } from './signed-in.ts';
import { becomeTheOnlyOne, daemonSocketPath } from './single-instance.ts';
import { readWish, type BackgroundTunnel, type BackgroundWish } from './wish.ts';
import { worldOfWish } from './world-of-wish.ts';

/** Without a tunnel the process ends after this long. */
const idleMs = 60_000;

/**
 * The person's background process: opens the tunnels it is asked for and keeps them until they end. They are listed and stopped by their own sockets, as those
 * of the foreground are; this socket takes `open`, `daemon` (who are you) and `shutdown`.
 */
export class Daemon {
  readonly #world: World;
  readonly #log: LogFile;
  readonly #idleMs: number;
  readonly #tunnels = new Set<OpenTunnel>();
  /** Wishes under way, by name: a second one for the same resource waits for the first. */
  readonly #opening = new Map<string, Promise<unknown>>();
  readonly #stopping = new AbortController();
  readonly #signedIn: SignedIn;
  #left: LeftRecordings | undefined;
  #control: ControlSocket | undefined;
  #idle: TimerHandle | undefined;
  #ended: () => void = () => undefined;

  private constructor(world: World, log: LogFile, idle: number) {
    this.#world = world;
    this.#log = log;
    this.#idleMs = idle;
    this.#signedIn = new SignedIn(world.effects, log.note);
  }

  /** Serves until there is nothing left to do or somebody ends it. Resolves at once, with false, when another one serves already. */
  static async serve(world: World, log: LogFile, idle = idleMs): Promise<boolean> {
    if (!(await becomeTheOnlyOne(world))) return false;
    const daemon = new Daemon(world, log, idle);
    const ended = new Promise<void>((resolve) => (daemon.#ended = resolve));
    const stop = world.onSignal((signal) => void daemon.#shutdown(signal));
    const inTime = endInTime(world);
    daemon.#control = await listenForControl(world, daemonSocketPath(world), (ask, asker) =>
      daemon.#answer(ask, asker),
    );
    log.note('started', { pid: world.pid, version: world.version });
    daemon.#left = new LeftRecordings(world, log.note);
    daemon.#rest();
    await ended;
    stop();
    inTime();
    log.note('ended', { pid: world.pid });
    return true;
  }

  async #answer(ask: Ask, asker: Asker): Promise<object> {
    if (ask.ask === 'daemon') return this.#self();
    if (ask.ask === 'shutdown') {
      const self = this.#self();
      await this.#closeTunnels();
      void this.#shutdown('asked');
      return self;
    }
    if (ask.ask !== 'open')
      throw new Problem('DAEMON_WISH_INVALID', {
        detail: `The background process does not know "${ask.ask.slice(0, 40)}".`,
      });
    if (this.#stopping.signal.aborted) throw new Problem('DAEMON_STOPPING');
    const wish = readWish(ask);
    const turn = (this.#opening.get(wish.name) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#open(wish, asker));
    this.#opening.set(wish.name, turn);
    this.#rest();
    try {
      return await turn;
    } finally {
      if (this.#opening.get(wish.name) === turn) this.#opening.delete(wish.name);
      this.#rest();
    }
  }

  #self(): object {
    const { pid, version } = this.#world;
    return { pid, version, tunnels: this.#tunnels.size };
  }

  async #open(wish: BackgroundWish, asker: Asker): Promise<BackgroundTunnel> {
    const given = worldOfWish(this.#world, wish, (text) => asker.tell({ said: text }));
    const { server, live, release } = await this.#signedIn.at(given.world);
    this.#left?.reachedAs(server.address.origin, given.world);
    try {
      const [resource, grant] = await Promise.all([
        server.api.readResource(wish.name),
        server.api.readGrant(wish.grantId),
      ]);
      const opened = await openTunnel(
        { world: given.world, server, debug: this.#log.note, report: this.#report(given.printer) },
        {
          resource,
          grant,
          at: placeOfWish(wish),
          via: wish.via ?? undefined,
          beside: wish.port !== null || wish.socketPath !== null,
          live,
          origin: { background: true, source: wish.source },
        },
        AbortSignal.any([asker.gone, this.#stopping.signal]),
      );
      given.settle();
      this.#keep(opened, release);
      const { sessionId: id, state, grantId, host, port, endsAt } = opened.tunnel;
      return {
        id,
        state,
        grantId,
        name: resource.name,
        host,
        port,
        url: opened.settings.url,
        endsAt,
        pid: this.#world.pid,
        network: opened.network?.summary ?? null,
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Events go to the terminal while it listens, and what people come back to ask about to the log. */
  #report(printer: Printer): TunnelReport {
    const say = talk(printer);
    return (event) => {
      say(event);
      if (event.event !== 'progress' && event.event !== 'open' && event.event !== 'closed')
        this.#log.note(event.event, { ...event });
    };
  }

  #keep(opened: OpenTunnel, release: () => void): void {
    const { tunnel, resource } = opened;
    this.#tunnels.add(opened);
    this.#log.note('open', {
      name: resource.name,
      grant: tunnel.grantId,
      session: tunnel.sessionId,
      port: tunnel.port,
    });
    void tunnel.ended.then(async ({ reason, order, problem }) => {
      this.#log.note('closed', { name: resource.name, reason, order: order?.code, problem: problem?.code });
      const ended = order ? grantEnded(resource, order) : problem;
      if (ended) await this.#leaveWord(resource.name, ended);
      await opened.dispose();
      release();
      this.#tunnels.delete(opened);
      this.#rest();
    });
  }

  /** Nobody looks at this process: why a tunnel ended is told by its person's next command. */
  async #leaveWord(name: string, ended: unknown): Promise<void> {
    const { code, detail } = troubleOf(ended);
    const at = new Date(this.#world.effects.clock.now()).toISOString();
    await leaveWord(this.#world, { name, at, code, detail }).catch((error: unknown) =>
      this.#log.note('unsaid', { name, failed: (error as { code?: string }).code }),
    );
  }

  /** Ends the process after a while without anything to do. */
  #rest(): void {
    const { timers } = this.#world.effects;
    if (this.#idle) timers.cancel(this.#idle);
    this.#idle = undefined;
    if (this.#tunnels.size > 0 || this.#opening.size > 0 || this.#stopping.signal.aborted) return;
    this.#idle = timers.after(this.#idleMs, () => void this.#shutdown('idle'));
  }

  async #closeTunnels(): Promise<void> {
    this.#stopping.abort(new Problem('DAEMON_STOPPING'));
    this.#left?.stop();
    if (this.#idle) this.#world.effects.timers.cancel(this.#idle);
    await Promise.allSettled(this.#opening.values());
    await Promise.all([...this.#tunnels].map((opened) => opened.dispose()));
  }

  async #shutdown(why: string): Promise<void> {
    this.#log.note('ending', { why, tunnels: this.#tunnels.size });
    await this.#closeTunnels();
    await this.#control?.close();
    this.#ended();
  }
}

function placeOfWish({ port, bind, socketPath }: BackgroundWish): ListenAt {
  if (socketPath !== null) return { on: 'socket', path: socketPath };
  return { on: 'port', ...(bind === null ? {} : { host: bind }), ...(port === null ? {} : { port }) };
}
