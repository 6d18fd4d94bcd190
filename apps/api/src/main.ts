/** Starts the control plane; nothing else. */
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { demandSandboxEndpoint, readConfiguration } from './configuration.ts';
import { principalNames } from './platform/aws/client-settings.ts';
import { demandRoleProfiles } from './platform/aws/live-profiles.ts';
import { readCatalogFile } from './platform/aws/read-catalog-file.ts';
import { logOf, makeLogger } from './platform/telemetry/logger.ts';
import { startApi } from './start-api.ts';

const logger = makeLogger('info');

try {
  const configuration = readConfiguration(process.env);
  logger.level = configuration.logLevel;
  // Nobody needs a profile for what the catalogue does not ask of anybody.
  const { hub } = readCatalogFile(configuration.catalogFile);
  const principals = principalNames
    .filter((name) => configuration.principalSockets[name] === undefined)
    .filter((name) => name !== 'provisioner' || hub.roles.provisioner !== null);
  const profiles = [...principals, ...(hub.recordings ? (['recorder', 'reader'] as const) : [])];
  if (configuration.aws === 'live') demandRoleProfiles(profiles, process.env);
  else if (profiles.length > 0) demandSandboxEndpoint(configuration);
  const api = await startApi(configuration, systemEffects(logOf(logger)), logger);
  const stop = () => {
    // A second signal, or a stop that hangs, must not keep the process.
    process.once('SIGINT', () => process.exit(130));
    void api.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: api.url })}\n`);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.detail} ${error.advice} (${error.code})\n`);
  process.exit(error.exitCode);
}
