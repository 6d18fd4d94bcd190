import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Problem } from '@sallyport/problems';
import type { SandboxOptions } from './sandbox.ts';

const usualWorld = fileURLToPath(new URL('../../../config/world.yaml', import.meta.url));

/** Reads the command line. Throws Problem SANDBOX_OPTION_INVALID. */
export function readOptions(args: readonly string[]): SandboxOptions {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        port: { type: 'string', default: '0' },
        world: { type: 'string', default: usualWorld },
        'no-pacing': { type: 'boolean', default: false },
        'allow-unsigned': { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
        'no-databases': { type: 'boolean', default: false },
      },
    }));
  } catch (cause) {
    throw new Problem('SANDBOX_OPTION_INVALID', { cause });
  }
  const port = Number(values.port);
  if (values.data === undefined)
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--data DIR is missing.' });
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--port is not a port.' });
  return {
    dataDir: values.data,
    port,
    worldFile: values.world,
    paced: !values['no-pacing'],
    allowUnsigned: values['allow-unsigned'],
    control: values.control,
    databases: !values['no-databases'],
  };
}
