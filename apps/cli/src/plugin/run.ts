import { readShellEnd } from '@sallyport/connect';
import { troubleOf, troubleText } from '../output/problem-text.ts';
import { begin } from './begun.ts';
import { linesOf } from './lines.ts';
import type { StartOrder } from './order.ts';
import { refusedOutcome, type Outcome } from './outcome.ts';
import { statusOfSignal, type EndSignal, type PluginWorld } from './plugin-world.ts';
import { runPort } from './run-port.ts';
import { runProgram } from './run-program.ts';

const puttingDown: ReadonlySet<EndSignal> = new Set(['SIGINT', 'SIGQUIT', 'SIGTSTP']);
/** Ending in order may take this long after a signal. */
const patienceMs = 3_000;
const launcherEveryMs = 1_000;

/** The person or a program asked us to end. */
class Asked extends Error {
  readonly signal: EndSignal;
  constructor(signal: EndSignal) {
    super('asked to end');
    this.signal = signal;
  }
}

/** Goes on with a session that the AWS CLI has started, until it ends. Resolves with the exit code; never fails. */
export async function runSession(world: PluginWorld, order: StartOrder): Promise<number> {
  const { effects, output } = world;
  const lines = linesOf(order.response.sessionId);
  const stopping = new AbortController();
  const end = (signal: EndSignal) => {
    stopping.abort(new Asked(signal));
    effects.timers.after(patienceMs, () => world.endNow(statusOfSignal(signal)));
  };
  const stop = world.onSignal((signal) => {
    if (stopping.signal.aborted) return world.endNow(statusOfSignal(signal));
    end(signal);
  });
  // A signal that ends the AWS CLI does not reach us; without it nobody waits for the session, and nobody could end it.
  const watching = effects.timers.every(launcherEveryMs, () => {
    if (world.launcherGone() && !stopping.signal.aborted) end('SIGHUP');
  });
  output.write(lines.starting);
  let forwards = false;
  try {
    const outcome = await goOn(world, order, stopping.signal, () => (forwards = true)).catch(refusedOutcome);
    const reason: unknown = stopping.signal.reason;
    if (reason instanceof Asked) {
      output.write(lines.interrupted);
      // Ctrl-C is how a forwarded port is put down: with the official program that is no failure.
      return forwards && puttingDown.has(reason.signal) ? 0 : statusOfSignal(reason.signal);
    }
    output.write(outcome.line);
    tell(world, outcome);
    return outcome.exitCode;
  } finally {
    stop();
    effects.timers.cancel(watching);
  }
}

async function goOn(
  world: PluginWorld,
  order: StartOrder,
  signal: AbortSignal,
  forwarding: () => void,
): Promise<Outcome> {
  const begun = await begin(world, order, signal);
  const { word } = begun;
  if (word.is === 'program') return runProgram(begun, word, signal);
  if (word.is === 'port') {
    forwarding();
    return runPort(begun, word, signal);
  }
  const output = word.is === 'closed' ? word.output : '';
  begun.held.cut();
  // Standard output may be another program's (ssh): why it is over before it began stands on standard error as well.
  const { problem } = readShellEnd({ cause: 'channel-closed', output }, undefined);
  const exitCode = problem === null ? 1 : troubleOf(problem).exitCode;
  return { line: linesOf(order.response.sessionId).ended(output), exitCode, problem };
}

/** The reason and what to do about it, where no script reads. */
function tell({ errors }: PluginWorld, { problem }: Outcome): void {
  if (problem !== null) errors.write(`session-manager-plugin: ${troubleText(troubleOf(problem))}\n`);
}
