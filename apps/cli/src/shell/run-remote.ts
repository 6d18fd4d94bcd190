import { constants } from 'node:os';
import type { Grant, Resource } from '@sallyport/api-client';
import {
  awsSessionKeys,
  awsSsmSessions,
  connectionSettings,
  controlPlaneOf,
  RemoteShell,
  systemWake,
  webSocketTransport,
  type ShellEnd,
  type ShellEvents,
  type ShellPurpose,
} from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { exitCodeOfSignal, exitCodes } from '../exit-codes.ts';
import { Announcement } from '../local/announcement.ts';
import { sayDuration } from '../output/duration.ts';
import { clean } from '../output/text.ts';
import { endInTime } from '../process/end-in-time.ts';
import { LiveChannel } from '../server/live-channel.ts';
import type { WishFlags } from '../stories/ask-for.ts';
import type { Waiting } from '../stories/await-decision.ts';
import { grantFor } from '../stories/grant-for.ts';
import { readResource } from '../stories/resources.ts';
import { grantEnded } from '../stories/tunnel-end.ts';
import { Interrupted } from '../world.ts';
import { Escape } from './escape.ts';
import { HeldBack } from './held-back.ts';
import { Keyboard } from './keyboard.ts';
import { Recorded } from './recorded.ts';
import { commandOf, loginOf, type RemoteCommand } from './remote-command.ts';

/** Sooner than this nobody wonders. */
const slowAfterMs = 800;
const lineFeed = 0x0a;

export interface RemoteWish {
  readonly name: string;
  readonly purpose: ShellPurpose;
  /** What to run; a shell has none. */
  readonly words: readonly string[];
  readonly wish: WishFlags;
  readonly wait: boolean;
}

/**
 * `tunnel shell`, `tunnel exec`: a grant (asking and waiting for it), then the program on the far side with this terminal or these streams. Resolves with its exit status where
 * one is told, else 0 once it has ended by itself, 130 after a signal; refuses with the reason when its grant ended (12) or it could not be run.
 */
export async function remoteStory(asking: Waiting, wanted: RemoteWish): Promise<number> {
  const { world, server, debug } = asking;
  const resource = await readResource(server, wanted.name);
  const command = asked(resource, wanted);
  const grant = (await grantFor(asking, [resource], wanted.wish, wanted.wait)).get(resource.name);
  if (!grant) throw new Problem('GRANT_NOT_HELD', { detail: `${clean(resource.name)} was not granted.` });
  const stopping = new AbortController();
  const stop = world.onSignal(() => stopping.abort(new Interrupted()));
  const inTime = endInTime(world);
  const live = new LiveChannel({ server, effects: world.effects, debug });
  const announcement = await Announcement.begin(world, {
    ...{ name: resource.name, grantId: grant.id, server: server.address.origin },
    ...{ background: false, source: null },
  });
  try {
    const run = new RemoteRun(asking, { resource, grant, purpose: wanted.purpose, command });
    const signal = AbortSignal.any([stopping.signal, announcement.abandoned]);
    return await run.through(announcement, live, signal);
  } finally {
    stop();
    await announcement.withdraw();
    live.close();
    inTime();
  }
}

/** What is to be run, refused before anything is asked for. */
function asked(resource: Resource, { purpose, words }: RemoteWish): RemoteCommand | undefined {
  if (purpose !== 'shell') return commandOf(resource, words);
  loginOf(resource);
  return undefined;
}

interface RunParts {
  readonly resource: Resource;
  readonly grant: Grant;
  readonly purpose: ShellPurpose;
  readonly command: RemoteCommand | undefined;
}

/** One program on the far side, joined with the streams of this process. */
class RemoteRun {
  readonly #asking: Waiting;
  readonly #parts: RunParts;
  #shell: RemoteShell | undefined;
  #keyboard: Keyboard | undefined;
  /** What a person should know and was not told while the program had the terminal. */
  readonly #later: string[] = [];
  #raw = false;
  #lineEnded = true;
  /** Whoever read what the program says has left, as `head` does. */
  #unheard = false;
  /** What came before the terminal was taken: a prompt invites to type, which the terminal must not echo and edit by itself. */
  #early: (() => void)[] | undefined = [];
  readonly #recorded: Recorded;
  /** What the program shows waits for a stream that is slow, or a disk. */
  readonly #heldBack = new HeldBack(
    () => this.#shell?.pauseReading(),
    () => this.#shell?.resumeReading(),
  );

  constructor(asking: Waiting, parts: RunParts) {
    this.#asking = asking;
    this.#parts = parts;
    const { grant, resource } = parts;
    this.#recorded = new Recorded(
      asking,
      { grantId: grant.id, name: resource.name, size: this.#terminal?.size },
      () => this.#heldBack.release(this.#recorded),
    );
  }

  /** Runs it, and hands over what was recorded of it. */
  async through(announcement: Announcement, live: LiveChannel, signal: AbortSignal): Promise<number> {
    const { unwritten } = this.#recorded;
    try {
      return await this.#run(announcement, live, signal, AbortSignal.any([signal, unwritten]));
    } finally {
      await this.#recorded.handOver();
    }
  }

  /** Undefined for a command without one, and where there is none. */
  get #terminal() {
    return this.#parts.purpose === 'command' ? undefined : this.#asking.world.terminal();
  }

  async #run(
    announcement: Announcement,
    live: LiveChannel,
    stopped: AbortSignal,
    signal: AbortSignal,
  ): Promise<number> {
    const { world, server, debug } = this.#asking;
    const { grant, purpose, command, resource } = this.#parts;
    const terminal = this.#terminal;
    const opened = this.#tellSlow();
    const shell = await RemoteShell.open(
      {
        ...{ grantId: grant.id, purpose, ...command, clientVersion: world.version },
        ...(terminal && { size: terminal.size }),
        rules: { controlPlane: server.address, ...connectionSettings(world.env) },
      },
      announcement.noting({
        ...{ controlPlane: controlPlaneOf(server.api), ssm: awsSsmSessions, keys: awsSessionKeys, debug },
        ...{ transport: webSocketTransport, effects: world.effects, onWake: systemWake(world.effects) },
        onHint: (listener: Parameters<LiveChannel['onHint']>[0]) => live.onHint(listener),
        recorder: this.#recorded,
      }),
      this.#events(),
      signal,
    ).finally(opened);
    this.#shell = shell;
    const restore = this.#takeTerminal();
    this.#showEarly();
    const leave = () => void shell.close(this.#recorded.unwritten.aborted ? 'error' : undefined);
    world.bytes().to.once('error', () => {
      this.#unheard = true;
      leave();
    });
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    try {
      const url = `shell:${resource.name}`;
      await announcement.opened(
        { host: '', port: 0, endsAt: shell.endsAt, url, socketPath: null },
        { status: () => this.#status(), stop: async () => void (await shell.close()) },
      );
      const end = await shell.ended;
      await this.#drained();
      this.#recorded.unwritten.throwIfAborted();
      return this.#exitCode(end, stopped);
    } finally {
      restore();
      // Words of ours begin a line, wherever the program left the cursor.
      if (terminal && !this.#lineEnded) world.bytes().to.write('\n');
      for (const line of this.#later) this.#asking.printer.say(line);
    }
  }

  #events(): ShellEvents {
    const { world } = this.#asking;
    const { to, errors } = world.bytes();
    const name = clean(this.#parts.resource.name);
    const show = (stream: typeof to, view: Uint8Array) => {
      if (this.#recorded.output(view)) this.#heldBack.hold(this.#recorded);
      // A view of what arrived, which a stream may keep.
      write(stream, Uint8Array.from(view));
    };
    const write = (stream: typeof to, bytes: Uint8Array) => {
      if (this.#early) return void this.#early.push(() => write(stream, bytes));
      this.#lineEnded = bytes.at(-1) === lineFeed;
      this.#heldBack.write(stream, bytes);
    };
    return {
      output: (bytes) => show(to, bytes),
      errorOutput: (bytes) => show(errors, bytes),
      writable: () => this.#keyboard?.writable(),
      warning: (secondsLeft) =>
        this.#say(`${name}: ${sayDuration(secondsLeft)} left. Need it longer? tunnel extend ${name} 30m`),
      reconnecting: () => this.#say(`${name}: the connection was lost, getting it back ...`),
      recovered: (afterMs) => this.#say(`${name}: back after ${(afterMs / 1000).toFixed(1)} s`),
    };
  }

  /** A person at a terminal is told while it takes its time to open; returns how to take that back. */
  #tellSlow(): () => void {
    const { world, printer } = this.#asking;
    if (!this.#terminal) return () => undefined;
    const { timers } = world.effects;
    const name = clean(this.#parts.resource.name);
    const slow = timers.after(slowAfterMs, () => printer.passing(`opening ${name} ...`));
    return () => {
      timers.cancel(slow);
      printer.passed();
    };
  }

  /** The program may be drawing on the whole screen: then words wait for the end, but for the window's title, which no program's screen holds. */
  #say(line: string): void {
    const { world, printer } = this.#asking;
    if (!this.#raw) return printer.say(line);
    this.#later.push(line);
    world.bytes().to.write(`\u001b]2;${line}\u0007`);
  }

  #showEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const show of early) show();
  }

  /** From here on keys and the size of the terminal are the program's. */
  #takeTerminal(): () => void {
    const shell = this.#shell;
    // A command without a terminal reads nothing: what is typed or piped stays with us.
    if (this.#parts.purpose === 'command' || !shell) return () => undefined;
    const { world } = this.#asking;
    const terminal = this.#terminal;
    const escape = new Escape();
    const restoreKeys = terminal?.raw();
    const resized = () => {
      if (!terminal) return;
      shell.resize(terminal.size);
      this.#recorded.resize(terminal.size);
    };
    const stopResize = terminal?.onResize(resized);
    // It may have changed while the session was opened; only the latest is sent.
    resized();
    this.#raw = terminal !== undefined;
    const filter = (bytes: Uint8Array) => {
      if (!terminal) return bytes;
      const { send, leave } = escape.take(bytes);
      if (leave) void shell.close();
      return send;
    };
    this.#keyboard = new Keyboard(world.bytes().from, shell, filter, terminal !== undefined);
    return () => {
      this.#raw = false;
      stopResize?.();
      this.#keyboard?.close();
      restoreKeys?.();
    };
  }

  /** All that was shown has left this process. */
  async #drained(): Promise<void> {
    const { to, errors } = this.#asking.world.bytes();
    const left = [to, errors].filter(({ destroyed, errored }) => !destroyed && errored === null);
    await Promise.all(left.map((stream) => new Promise((done) => stream.write('', done))));
  }

  #exitCode(end: ShellEnd, signal: AbortSignal): number {
    if (end.order) throw grantEnded(this.#parts.resource, end.order);
    if (end.problem) throw end.problem;
    if (this.#unheard) return exitCodeOfSignal(constants.signals.SIGPIPE);
    if (signal.aborted) return exitCodes.interrupted;
    // A command without a terminal tells how it ended; without that, nobody knows that it did what it should.
    if (this.#parts.purpose === 'command' && end.exitCode === null)
      throw new Problem('SESSION_FAILED', {
        detail: `The session ended before the command had told its exit status (${end.reason}).`,
      });
    return end.exitCode ?? exitCodes.done;
  }

  #status(): object {
    const { sessionId: id = '', endsAt = '' } = this.#shell ?? {};
    return { id, state: 'open', grantId: this.#parts.grant.id, name: this.#parts.resource.name, endsAt };
  }
}
