import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { install, uninstall } from './install/install.ts';
import { placesFor, type Places } from './install/places.ts';
import { refuseUnsafePath } from './install/safe-path.ts';
import { startService, stopService } from './install/service.ts';
import { ownSources } from './install/sources.ts';
import { serve } from './serve.ts';
import { answers } from './server.ts';
import { trustForm } from './trust.ts';

declare const HELPER_VERSION: string | undefined;
const version = typeof HELPER_VERSION === 'undefined' ? '0.0.0' : HELPER_VERSION;

/** What `install` reads from standard input: whom to trust, and the fingerprints that the person has confirmed. */
const installForm = z.strictObject({ trust: trustForm, confirmed: z.array(z.string()).max(16) });

/**
 * `serve` is what the service of the system runs, as root. `install`, `uninstall` are what `tunnel helper` runs by one elevation; they print one
 * JSON object. Whatever of the caller's environment there is has no say.
 */
async function main(): Promise<void> {
  for (const name of Object.keys(process.env)) delete process.env[name];
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      etc: { type: 'string' },
      run: { type: 'string' },
      prefix: { type: 'string' },
      root: { type: 'string' },
      'no-service': { type: 'boolean', default: false },
    },
  });
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  const hasServices = !values['no-service'] && (system === 'darwin' || existsSync('/run/systemd/system'));
  const places = placesFor(system, { ...values, hasServices });
  if (process.getuid?.() !== 0)
    throw new Problem('HELPER_REFUSED', { detail: 'Only root may run the helper.' });
  switch (positionals.join(' ')) {
    case 'serve':
      return serveForever(values.etc ?? places.etc, values.run ?? places.run);
    case 'install':
      return installed(places, values.root === undefined);
    case 'uninstall': {
      if (values.root === undefined) await stopService(places);
      const running = await answers(join(places.run, 'helper.sock'));
      return print({ removed: uninstall(places, running), running });
    }
    default:
      throw new Problem('COMMAND_USAGE', { detail: 'usage: helper serve | install | uninstall' });
  }
}

async function installed(places: Places, start: boolean): Promise<void> {
  const wish = installForm.parse(JSON.parse(await text(process.stdin)));
  const made = await install(places, ownSources(import.meta.filename), wish.trust, wish.confirmed);
  const service = start ? await startService(places) : { started: false };
  print({ ...made, ...service, socket: `${places.run}/helper.sock` });
}

async function serveForever(etc: string, run: string): Promise<void> {
  refuseUnsafePath(process.execPath);
  refuseUnsafePath(import.meta.filename);
  const effects = systemEffects(lineLog((line) => process.stderr.write(line)));
  const helper = await serve({ etc, run, version, effects });
  process.stdout.write('ready\n');
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void helper.stop().then(() => process.exit(0)));
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main().catch((cause: unknown) => {
  const problem = cause instanceof Problem ? cause : undefined;
  const detail = problem?.detail ?? String(cause);
  process.stderr.write(`${JSON.stringify({ code: problem?.code ?? 'HELPER_SYSTEM_REFUSED', detail })}\n`);
  process.exitCode = problem?.exitCode ?? 1;
});
