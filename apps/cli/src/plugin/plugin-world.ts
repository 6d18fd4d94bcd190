import { constants, tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { awsSsmSessions, webSocketTransport, type SsmSessions, type Transport } from '@sallyport/connect';
import type { Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import { systemTerminal } from '../process/system-terminal.ts';
import type { Terminal } from '../world.ts';

export type EndSignal = 'SIGINT' | 'SIGQUIT' | 'SIGTSTP' | 'SIGTERM' | 'SIGHUP';

/** What the stand-in for session-manager-plugin touches outside its own memory; tests hand in their own. */
export interface PluginWorld {
  /** What the AWS CLI has started it with, its settings and credentials among it. */
  readonly env: Record<string, string | undefined>;
  readonly input: Readable;
  readonly output: Writable;
  /** For words of ours, which no script waits for. */
  readonly errors: Writable;
  readonly effects: Effects;
  readonly temporary: string;
  /** Ways to the message gateway, and to Session Manager. */
  readonly transport: Transport;
  readonly ssm: SsmSessions;
  terminal(): Terminal | undefined;
  /** Calls back instead of dying or stopping; returns how to stop listening. */
  onSignal(listener: (signal: EndSignal) => void): () => void;
  /** Whether the program that started us is no more. */
  launcherGone(): boolean;
  endNow(code: number): void;
}

const signals = ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTERM', 'SIGHUP'] as const;

/** Exit status of a program that this signal ended, as shells count it. */
export function statusOfSignal(signal: EndSignal): number {
  return 128 + constants.signals[signal];
}

export function systemPluginWorld(): PluginWorld {
  const launcher = process.ppid;
  const { stdin: input, stdout: output, stderr: errors } = process;
  // Whoever reads may leave at any time (`grep -q`), and standard streams tell so each time: that must end no program in the middle, with its session left open.
  for (const stream of [output, errors]) stream.on('error', () => undefined);
  return {
    ...{ input, output, errors, env: process.env, effects: systemEffects(), temporary: tmpdir() },
    ...{ transport: webSocketTransport, ssm: awsSsmSessions },
    terminal: systemTerminal,
    onSignal(listener) {
      const called = signals.map((signal) => [signal, () => listener(signal)] as const);
      for (const [signal, call] of called) process.on(signal, call);
      return () => {
        for (const [signal, call] of called) process.off(signal, call);
      };
    },
    launcherGone: () => process.ppid !== launcher,
    endNow: (code) => process.exit(code),
  };
}
