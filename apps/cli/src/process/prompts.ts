import { input, password } from '@inquirer/prompts';
import { Interrupted, type Prompts } from '../world.ts';

/** Questions at the terminal, asked on standard error so that standard output stays data. */
export const terminalPrompts: Prompts = {
  text: (question, { initial } = {}) =>
    orInterrupted(
      input(
        { message: question, ...(initial === undefined ? {} : { default: initial }) },
        { output: process.stderr },
      ),
    ),
  secret: (question) =>
    orInterrupted(password({ message: question, mask: true }, { output: process.stderr })),
};

async function orInterrupted(asked: Promise<string>): Promise<string> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name))
      throw new Interrupted();
    throw error;
  }
}
