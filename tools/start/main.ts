/** `npm start`: builds, then starts sandbox, database and API with the dashboard, and says how to go on. */
import { Problem } from '@sallyport/problems';
import { build } from './build.ts';
import { repository, startInstallation, type Installation } from './installation.ts';
import { startLive } from './live.ts';
import { Progress } from './progress.ts';
import { assertPortFree, readSettings } from './settings.ts';
import { summary } from './summary.ts';

const stderr = process.stderr;
const progress = new Progress(stderr);

async function start(): Promise<{ stop(): Promise<void> }> {
  const settings = readSettings(process.env, repository);
  if (settings.mode === 'live') {
    await assertPortFree(settings.port);
    if (settings.build) {
      progress.begin('build');
      await build(repository);
    }
    const live = await startLive(settings, process.env, (step) => progress.begin(step));
    progress.done();
    process.stdout.write(`Sallyport serves at ${live.apiUrl}\n`);
    return live;
  }
  const installation: Installation = await startInstallation({
    ...settings,
    environment: process.env,
    build: settings.build ? () => build(repository) : undefined,
    onStep: (step) => progress.begin(step),
    onRestart: (part, how) => stderr.write(`The ${part} ended (${how}); starting it again.\n`),
  });
  progress.done();
  process.stdout.write(summary(installation));
  return installation;
}

function fail(error: unknown): void {
  progress.fail();
  if (!(error instanceof Problem)) throw error;
  stderr.write(`\n${error.detail} (${error.code})\n${error.advice}\n`);
  process.exitCode = error.exitCode;
}

let running: { stop(): Promise<void> } | undefined;
let ending = false;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  stderr.write('\nStopping ...\n');
  await running?.stop();
  stderr.write('Stopped.\n');
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());
process.on('unhandledRejection', (error) => {
  fail(error);
  void end();
});

try {
  running = await start();
} catch (error) {
  fail(error);
}
