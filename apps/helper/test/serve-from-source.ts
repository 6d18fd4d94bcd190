import { parseArgs } from 'node:util';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import { serve } from '../src/serve.ts';

/** The helper from its sources, for tests: the clone it lies in need not be root's alone, which the installed form insists on. */
const { values } = parseArgs({ options: { etc: { type: 'string' }, run: { type: 'string' } } });
const effects = systemEffects(lineLog((line) => process.stderr.write(line)));
const helper = await serve({ etc: values.etc!, run: values.run!, version: '0.0.0', effects });
process.stdout.write('ready\n');
process.once('SIGTERM', () => void helper.stop().then(() => process.exit(0)));
