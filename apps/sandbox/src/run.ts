import type { Log, LogLevel } from '@sallyport/effects';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { readOptions } from './options.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';

/**
 * Runs the sandbox as this process: started from its command line, ended by SIGTERM and SIGINT, also half-way. `announce` words
 * what is written to standard output once it is ready; `levels` are those that are logged, all when left out.
 */
export async function runSandbox(
  args: readonly string[],
  announce: (sandbox: Sandbox) => string | Promise<string>,
  levels?: readonly LogLevel[],
): Promise<void> {
  const lines = lineLog((line) => process.stderr.write(line));
  const log: Log = {
    write: (level, message, fields) => {
      if (levels?.includes(level) !== false) lines.write(level, message, fields);
    },
  };
  let closing = false;
  const endOnSignal = (starting: Promise<Sandbox>) => {
    const end = () => {
      if (closing) return;
      closing = true;
      starting
        .then((sandbox) => sandbox.close())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            log.write('error', 'the sandbox did not end well', { reason: String(error) });
            process.exit(1);
          },
        );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  };
  try {
    const starting = startSandbox(readOptions(args), systemEffects(log));
    endOnSignal(starting);
    const sandbox = await starting;
    await sandbox.databasesReady;
    const said = await announce(sandbox);
    if (!closing) process.stdout.write(said);
  } catch (error) {
    const code = error instanceof Problem ? error.code : 'INTERNAL_ERROR';
    const reason = error instanceof Error ? error.message : String(error);
    log.write('error', 'the sandbox does not start', { code, reason });
    process.exit(error instanceof Problem ? error.exitCode : 1);
  }
}
