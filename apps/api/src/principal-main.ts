/** Runs one AWS principal as a process of its own: `node dist/principal-main.js issuer --socket PATH`. */
import { parseArgs } from 'node:util';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { demandSandboxEndpoint, readPrincipalConfiguration } from './configuration.ts';
import { principalNames, type PrincipalName } from './platform/aws/client-settings.ts';
import { demandRoleProfiles } from './platform/aws/live-profiles.ts';
import { operationsOf } from './platform/aws/process/operations.ts';
import { servePrincipal } from './platform/aws/process/serve-principal.ts';
import { readCatalogFile } from './platform/aws/read-catalog-file.ts';
import { logOf, makeLogger } from './platform/telemetry/logger.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { socket: { type: 'string' } },
});
const principal = principalNames.find((name) => name === positionals[0]);

if (principal === undefined || values.socket === undefined) {
  process.stderr.write(`usage: principal-main ${principalNames.join('|')} --socket PATH\n`);
  process.exitCode = 2;
} else {
  try {
    await serve(principal, values.socket);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`${error.detail} ${error.advice} (${error.code})\n`);
    process.exitCode = error.exitCode;
  }
}

async function serve(name: PrincipalName, socket: string): Promise<void> {
  const configuration = readPrincipalConfiguration(process.env);
  if (configuration.aws === 'live') demandRoleProfiles([name], process.env);
  else demandSandboxEndpoint(configuration);
  const effects = systemEffects(logOf(makeLogger(configuration.logLevel)));
  const operations = operationsOf(name, readCatalogFile(configuration.catalogFile), effects);
  const server = await servePrincipal(operations, socket, effects.log);
  const stop = () => server.close(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ event: 'ready', principal: name, socket })}\n`);
}
