import { parseArgs } from 'node:util';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { runCheck, runService, runUpdate } from './program/commands.ts';
import { defaultConfigurationPath } from './program/configuration.ts';
import { agentVersion } from './version.ts';

const usage = `sallyport-agent ${agentVersion}

  sallyport-agent run [--config FILE]      serve the loopback port (what systemd starts)
  sallyport-agent check [--config FILE]    look at everything the agent rests on; 1 when something fails
  sallyport-agent update [--config FILE]   install a newer signed release, if there is one
  sallyport-agent version

FILE is ${defaultConfigurationPath} by default.
`;

/** Runs one command; resolves with the exit status. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const [command = 'help', ...rest] = positionals;
  const effects = systemEffects(lineLog((line) => process.stderr.write(line)));
  const config = values.config ?? defaultConfigurationPath;
  if (rest.length > 0 || values.help === true) {
    process.stdout.write(usage);
    return values.help === true ? 0 : 2;
  }
  switch (command) {
    case 'run':
      return runService(config, effects);
    case 'check':
      return runCheck(config, effects);
    case 'update':
      return runUpdate(config, effects);
    case 'version':
      process.stdout.write(`${agentVersion}\n`);
      return 0;
    default:
      process.stdout.write(usage);
      return command === 'help' ? 0 : 2;
  }
}

main(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (cause: unknown) => {
    const text = cause instanceof Problem ? `${cause.code}: ${cause.detail} ${cause.advice}` : String(cause);
    process.stderr.write(`${text}\n`);
    process.exitCode = cause instanceof Problem ? cause.exitCode : 1;
  },
);
