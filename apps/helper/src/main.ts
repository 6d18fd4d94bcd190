import { parseArgs } from 'node:util';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { refuseUnsafePath } from './install/safe-path.ts';
import { defaultEtc, defaultRun, serve } from './serve.ts';

declare const HELPER_VERSION: string | undefined;
const version = typeof HELPER_VERSION === 'undefined' ? '0.0.0' : HELPER_VERSION;

/** `serve`: what the service of the system runs, as root. */
async function main(): Promise<void> {
  // Nothing of the caller's environment has a say in what follows, nor in the programs that are run.
  for (const name of Object.keys(process.env)) delete process.env[name];
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { etc: { type: 'string', default: defaultEtc }, run: { type: 'string', default: defaultRun } },
  });
  if (positionals.length !== 1 || positionals[0] !== 'serve')
    throw new Problem('COMMAND_USAGE', { detail: 'usage: helper serve' });
  refuseUnsafePath(process.execPath);
  refuseUnsafePath(import.meta.filename);
  const effects = systemEffects(lineLog((line) => process.stderr.write(line)));
  const helper = await serve({ ...values, version, effects });
  process.stdout.write('ready\n');
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void helper.stop().then(() => process.exit(0)));
}

main().catch((cause: unknown) => {
  const problem = cause instanceof Problem ? `${cause.code}: ${cause.detail}` : String(cause);
  process.stderr.write(`${problem}\n`);
  process.exitCode = cause instanceof Problem ? cause.exitCode : 1;
});
