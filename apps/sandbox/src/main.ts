import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { readOptions } from './options.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';

/** Starts the sandbox, says on standard output when it is ready, and ends it on SIGTERM and SIGINT, also half-way. */
const log = lineLog((line) => process.stderr.write(line));
let closing = false;

function endOnSignal(starting: Promise<Sandbox>): void {
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
}

try {
  const starting = startSandbox(readOptions(process.argv.slice(2)), systemEffects(log));
  endOnSignal(starting);
  const sandbox = await starting;
  await sandbox.databasesReady;
  const [region] = sandbox.world.catalog.accounts.flatMap(({ regions }) => regions);
  const ready = {
    event: 'ready',
    awsEndpoint: sandbox.endpoint,
    region,
    principalsFile: sandbox.installation.principalsFile,
    ...(sandbox.agents.length === 0 ? {} : { agents: sandbox.agents }),
  };
  if (!closing) process.stdout.write(JSON.stringify(ready) + '\n');
} catch (error) {
  const code = error instanceof Problem ? error.code : 'INTERNAL_ERROR';
  const reason = error instanceof Error ? error.message : String(error);
  log.write('error', 'the sandbox does not start', { code, reason });
  process.exit(error instanceof Problem ? error.exitCode : 1);
}
