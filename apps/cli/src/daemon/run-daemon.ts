import { Problem } from '@sallyport/problems';
import type { World } from '../world.ts';
import { Daemon } from './daemon.ts';
import { LogFile } from './log-file.ts';

/**
 * The hidden `tunnel daemon` that `connect --background` and `up` start, detached and without a terminal. Resolves with 0, also when another one serves already:
 * whoever started this one finds that one.
 */
export async function runDaemon(world: World): Promise<number> {
  const log = await LogFile.open(world);
  // Nobody reads what a crash prints. Places only: messages may quote what they were given.
  process.once('uncaughtExceptionMonitor', (error: Error) => {
    const places = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
    log.note('crashed', { name: error.name, at: places.slice(0, 5).join(' ') });
  });
  try {
    await Daemon.serve(world, log);
    return 0;
  } catch (error) {
    log.note('failed', { code: error instanceof Problem ? error.code : 'INTERNAL_ERROR' });
    throw error;
  }
}
