/**
 * Runs the signer as a process of its own: `node dist/signer-main.js --keys FOLDER --socket PATH`, or makes a new key in
 * its folder: `node dist/signer-main.js rotate --keys FOLDER [--overlap SECONDS]`, then SIGHUP to the running one.
 */
import { parseArgs } from 'node:util';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { readPrincipalConfiguration } from './configuration.ts';
import { servePrincipal } from './platform/aws/process/serve-principal.ts';
import { readCatalogFile } from './platform/aws/read-catalog-file.ts';
import { CatalogueSigner, signerOperations } from './platform/signer/catalogue-signer.ts';
import { KeyFolder } from './platform/signer/key-folder.ts';
import { logOf, makeLogger } from './platform/telemetry/logger.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keys: { type: 'string' }, socket: { type: 'string' }, overlap: { type: 'string' } },
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
    'usage: signer-main --keys FOLDER --socket PATH | rotate --keys FOLDER [--overlap SECONDS]\n',
  );
  process.exitCode = 2;
}

async function rotate(folder: string, overlap: string | undefined): Promise<void> {
  const { clock } = systemEffects();
  const seconds = overlap === undefined ? undefined : Number(overlap);
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0)) return usage();
  const keys = await KeyFolder.open(folder, clock.now());
  await keys.rotate(clock.now(), seconds);
  process.stdout.write(`${JSON.stringify({ event: 'rotated', ...keys.published(clock.now()) })}\n`);
}

async function serve(folder: string, socket: string): Promise<void> {
  const configuration = readPrincipalConfiguration(process.env);
  if (configuration.aws === 'live')
    throw new Problem('CONFIGURATION_UNSAFE', { detail: 'SALLYPORT_AWS=live does not go with file keys.' });
  const effects = systemEffects(logOf(makeLogger(configuration.logLevel)));
  const keys = await KeyFolder.open(folder, effects.clock.now());
  const signer = new CatalogueSigner(keys, readCatalogFile(configuration.catalogFile), effects.clock);
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
