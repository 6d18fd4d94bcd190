import {
  awsSessionKeys,
  RemoteShell,
  systemWake,
  type FirstWord,
  type ShellEnd,
  type ShellEvents,
} from '@sallyport/connect';
import { noDebug } from '../output/debug.ts';
import { Keyboard } from '../shell/keyboard.ts';
import type { Begun } from './begun.ts';
import { linesOf, pluginVersion } from './lines.ts';
import { brokenOutcome, type Outcome } from './outcome.ts';

/** What the official program says where there is no terminal. That it is not acknowledged shows that nobody is there. */
const sizeWithoutTerminal = { cols: 300, rows: 100 };

type ProgramWord = Extract<FirstWord, { is: 'program' }>;

/**
 * Joins a shell or a command with this terminal or these streams until it ends. As with the official program everything goes to standard output, what a command says of
 * its errors and its exit status among it; unlike it the exit status is ours too, and the end of standard input ends no program.
 */
export async function runProgram(begun: Begun, word: ProgramWord, signal: AbortSignal): Promise<Outcome> {
  const { world, rules, session, held } = begun;
  const { effects } = world;
  // A command without a terminal reads nothing and has no size.
  const typed = word.type !== 'NonInteractiveCommands';
  const terminal = typed ? world.terminal() : undefined;
  const joined = new Joined(begun);
  const restore = terminal?.raw();
  try {
    const shell = await RemoteShell.open(
      {
        ...{ grantId: '', purpose: 'shell', clientVersion: pluginVersion, rules, anyKey: true },
        // Without a handshake no first word is due: a program may be silent for as long as it likes.
        mayBeSilent: word.type === undefined,
        ...(typed && { size: terminal?.size ?? sizeWithoutTerminal }),
      },
      {
        ...{ controlPlane: session.controlPlane, ssm: session.ssm, keys: awsSessionKeys },
        ...{ transport: held.transport, effects, debug: noDebug, onWake: systemWake(effects) },
      },
      joined.events(),
      signal,
    );
    const leave = () => void shell.close();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    world.output.once('error', leave);
    const stopResize = terminal?.onResize(() => shell.resize(terminal.size));
    const keyboard = typed ? joined.begin(shell, terminal !== undefined) : undefined;
    const end = await shell.ended;
    stopResize?.();
    keyboard?.close();
    return outcomeOf(begun, end);
  } finally {
    restore?.();
  }
}

/** One program on the far side and the standard streams of this process. */
class Joined {
  readonly #begun: Begun;
  #shell: RemoteShell | undefined;
  #keyboard: Keyboard | undefined;
  #held = false;

  constructor(begun: Begun) {
    this.#begun = begun;
  }

  begin(shell: RemoteShell, atTerminal: boolean): Keyboard {
    this.#shell = shell;
    if (this.#held) shell.pauseReading();
    this.#keyboard = new Keyboard(this.#begun.world.input, shell, (bytes) => bytes, atTerminal);
    return this.#keyboard;
  }

  events(): ShellEvents {
    const { world, session } = this.#begun;
    const show = (view: Uint8Array) => this.#show(Uint8Array.from(view));
    return {
      output: show,
      errorOutput: show,
      writable: () => this.#keyboard?.writable(),
      ready: ({ customerMessage }) => {
        if (customerMessage !== '') world.output.write(`${customerMessage}\n`);
      },
      reconnecting: () => session.lost(),
      recovered: () => session.recovered(),
    };
  }

  #show(bytes: Uint8Array): void {
    const { output } = this.#begun.world;
    if (output.write(bytes) || this.#held) return;
    this.#held = true;
    this.#shell?.pauseReading();
    output.once('drain', () => {
      this.#held = false;
      this.#shell?.resumeReading();
    });
  }
}

function outcomeOf({ held, order }: Begun, { exitCode, problem }: ShellEnd): Outcome {
  const lines = linesOf(order.response.sessionId);
  const { closedOutput } = held;
  const status = exitCode === null ? '' : `EXIT_CODE: ${exitCode}`;
  if (closedOutput === undefined && problem !== null) return brokenOutcome(lines, problem);
  if (problem !== null) {
    const { exitCode: refused } = brokenOutcome(lines, problem);
    return { line: lines.ended(closedOutput ?? ''), exitCode: refused, problem };
  }
  return { line: status + lines.ended(closedOutput ?? ''), exitCode: exitCode ?? 0, problem: null };
}
