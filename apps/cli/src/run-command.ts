import { Config } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { commandTable } from './command-table.ts';
import type { WorldConfig } from './tunnel-command.ts';
import type { World } from './world.ts';

/** Loads one command and runs it in the world given; resolves with its exit code. */
export async function runCommand(id: string, argv: string[], world: World): Promise<number> {
  const load = commandTable[id];
  if (!load) throw new Problem('COMMAND_UNKNOWN');
  const [command, config] = await Promise.all([load(), configFor(world)]);
  // oclif keeps ids on the class; the table is the one place that names them.
  command.id = id;
  // Not by the static `run`: that would load the configuration a second time, and lose the world.
  return new command(argv, config).execute();
}

async function configFor(world: World): Promise<WorldConfig> {
  const pjson = {
    name: '@sallyport/cli',
    version: world.version,
    type: 'module',
    oclif: { bin: 'tunnel', dirname: 'sallyport' },
  };
  const config = new Config({ root: import.meta.dirname, pjson: pjson, ignoreManifest: true });
  await config.load();
  return Object.assign(config, { world });
}
