import { runTunnel } from './main.ts';
import { systemWorld } from './process/system-world.ts';

export { commandTable as COMMANDS } from './command-table.ts';

/** Entry of `bin/run.js`: runs the process's own command line and ends the process with its exit code. */
export async function main(): Promise<void> {
  const world = systemWorld();
  const code = await runTunnel(process.argv.slice(2), world);
  await world.flushed();
  process.exit(code);
}
