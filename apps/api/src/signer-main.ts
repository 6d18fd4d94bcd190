/**
 * Runs the signer as a process of its own: `node dist/signer-main.js --keys FOLDER --socket PATH`, or makes a new key in
 * its folder: `node dist/signer-main.js rotate --keys FOLDER [--overlap SECONDS]`, then SIGHUP to the running one.
 * With `--kms` the private keys are those of AWS KMS that the catalogue names, and the folder holds what is public.
 */
import { parseArgs } from 'node:util';
import type { Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { demandSandboxEndpoint, readPrincipalConfiguration } from './configuration.ts';
import { profileCredentials } from './platform/aws/client-settings.ts';
import { demandRoleProfiles } from './platform/aws/live-profiles.ts';
import { servePrincipal } from './platform/aws/process/serve-principal.ts';
import { readCatalogFile } from './platform/aws/read-catalog-file.ts';
import { SignedCalls } from './platform/aws/signed-call.ts';
import { CatalogueSigner, signerOperations } from './platform/signer/catalogue-signer.ts';
import { KeyFolder } from './platform/signer/key-folder.ts';
import { KmsKeys } from './platform/signer/kms-keys.ts';
import { logOf, makeLogger } from './platform/telemetry/logger.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    keys: { type: 'string' },
    socket: { type: 'string' },
    overlap: { type: 'string' },
    kms: { type: 'boolean', default: false },
  },
});
const [command] = positionals;

try {
  if (values.keys !== undefined && command === 'rotate') await rotate(values.keys, values.overlap);
  else if (values.keys !== undefined && values.socket !== undefined && command === undefined)
    await serve(values.keys, values.socket);
  else usage();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  process.stderr.write(`${error.detail} ${error.advice} (${error.code})\n`);
  process.exitCode = error.exitCode;
}

function usage(): void {
  process.stderr.write(
    'usage: signer-main --keys FOLDER --socket PATH [--kms] | rotate --keys FOLDER [--overlap SECONDS] [--kms]\n',
  );
  process.exitCode = 2;
}

async function rotate(folder: string, overlap: string | undefined): Promise<void> {
  const seconds = overlap === undefined ? undefined : Number(overlap);
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0)) return usage();
  const effects = systemEffects();
  const { keys } = await openKeys(folder, effects);
  await keys.rotate(effects.clock.now(), seconds);
  process.stdout.write(`${JSON.stringify({ event: 'rotated', ...keys.published(effects.clock.now()) })}\n`);
}

/** Refuses with CONFIGURATION_UNSAFE file keys on real AWS, and with CONFIGURATION_INVALID a catalogue without keys. */
async function openKeys(folder: string, effects: Effects) {
  const configuration = readPrincipalConfiguration(process.env);
  const catalog = readCatalogFile(configuration.catalogFile);
  const { clock } = effects;
  if (!values.kms) {
    if (configuration.aws === 'live')
      throw new Problem('CONFIGURATION_UNSAFE', {
        detail: 'SALLYPORT_AWS=live does not go with file keys (start the signer with --kms).',
      });
    return { keys: await KeyFolder.open(folder, clock.now()), catalog, configuration };
  }
  demandSandboxEndpoint(configuration);
  if (configuration.aws === 'live') demandRoleProfiles(['signer'], process.env);
  const { signing } = catalog.hub;
  if (signing === null)
    throw new Problem('CONFIGURATION_INVALID', {
      detail: 'The catalogue names no signing keys (hub.signing).',
    });
  const calls = new SignedCalls(profileCredentials('signer'), configuration.awsEndpoint, effects);
  const keys = await KeyFolder.open(folder, clock.now(), new KmsKeys(signing, calls));
  return { keys, catalog, configuration };
}

async function serve(folder: string, socket: string): Promise<void> {
  const { logLevel } = readPrincipalConfiguration(process.env);
  const effects = systemEffects(logOf(makeLogger(logLevel)));
  const { keys, catalog } = await openKeys(folder, effects);
  const signer = new CatalogueSigner(keys, catalog, effects.clock);
  const server = await servePrincipal(signerOperations(signer), socket, effects.log);
  const stop = () => server.close(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('SIGHUP', () => {
    keys.reload().catch((error: unknown) => {
      effects.log.write('error', 'signing keys not read', {
        error: error instanceof Problem ? error.code : 'unknown',
      });
    });
  });
  process.stdout.write(`${JSON.stringify({ event: 'ready', ...(await signer.keys()) })}\n`);
}
