import { troubleOf } from '../output/problem-text.ts';
import { cannotStart, greeting, invalidOperation, pluginVersion, unknownOperation } from './lines.ts';
import { readOrder, type Order } from './order.ts';

/** Entry of `bin/session-manager-plugin.js`: runs the process's own command line and ends the process with its exit code. */
export async function main(): Promise<void> {
  const code = await obeyed(process.argv.slice(2));
  await Promise.all(
    [process.stdout, process.stderr]
      .filter(({ destroyed, errored }) => !destroyed && errored === null)
      .map((stream) => new Promise((done) => stream.write('', done))),
  );
  process.exit(code);
}

async function obeyed(words: readonly string[]): Promise<number> {
  const say = (text: string) => void process.stdout.write(text);
  let order: Order;
  try {
    order = readOrder(words, process.env);
  } catch (error) {
    const { detail, exitCode } = troubleOf(error);
    say(cannotStart(detail));
    return exitCode;
  }
  switch (order.do) {
    case 'greet':
      say(greeting);
      return 0;
    case 'tell-version':
      say(`${pluginVersion}\n`);
      return 0;
    case 'refuse-operation':
      say(order.operation === undefined ? invalidOperation : unknownOperation(order.operation));
      return 2;
    case 'start': {
      // The rest is loaded only where there is a session: the AWS CLI asks for the version each time.
      const [{ runSession }, { systemPluginWorld }] = await Promise.all([
        import('./run.ts'),
        import('./plugin-world.ts'),
      ]);
      return runSession(systemPluginWorld(), order.start);
    }
  }
}
