import { input, password } from '@inquirer/prompts';
import { Interrupted, type Prompts } from '../world.ts';

/** Where questions are asked and answered; standard input unless it is told. */
export interface AskedAt {
  readonly input?: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Questions at the terminal, asked on standard error so that standard output stays data. */
export const terminalPrompts: Prompts = promptsAt((ask) => ask({ output: process.stderr }));

/** Questions at a place that is there for one of them at a time. */
export function promptsAt(place: <T>(ask: (at: AskedAt) => Promise<T>) => Promise<T>): Prompts {
  return {
    text: (question, { initial } = {}) =>
      place((at) =>
        orInterrupted(
          input({ message: question, ...(initial === undefined ? {} : { default: initial }) }, at),
        ),
      ),
    secret: (question) => place((at) => orInterrupted(password({ message: question, mask: true }, at))),
  };
}

async function orInterrupted(asked: Promise<string>): Promise<string> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name))
      throw new Interrupted();
    throw error;
  }
}
