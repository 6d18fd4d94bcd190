import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { readOptions } from './options.ts';
import { startSandbox } from './sandbox.ts';

/** Starts the sandbox, says on standard output when it is ready, and ends it on SIGTERM and SIGINT. */
const log = lineLog((line) => process.stderr.write(line));

try {
  const options = readOptions(process.argv.slice(2));
  const sandbox = await startSandbox(options, systemEffects(log));
  await sandbox.databasesReady;
  let closing = false;
  const end = () => {
    if (closing) return;
    closing = true;
    sandbox.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.write('error', 'the sandbox did not end well', { reason: String(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  const [region] = sandbox.world.catalog.accounts.flatMap(({ regions }) => regions);
  const ready = {
    event: 'ready',
    awsEndpoint: sandbox.endpoint,
    region,
    principalsFile: sandbox.installation.principalsFile,
  };
  process.stdout.write(JSON.stringify(ready) + '\n');
} catch (error) {
  const code = error instanceof Problem ? error.code : 'INTERNAL_ERROR';
  log.write('error', 'the sandbox does not start', {
    code,
    reason: error instanceof Error ? error.message : String(error),
  });
  process.exit(error instanceof Problem ? error.exitCode : 1);
}
