import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem } from '@sallyport/problems';
import type { Sources } from './install.ts';

/** What this very program consists of: the Node that runs it, its bundle, and the native part it would load. */
export function ownSources(bundle: string): Sources {
  const koffi = packageFolder(fileURLToPath(import.meta.resolve('koffi')), 'koffi');
  const native = `@koromix/koffi-${process.platform}-${process.arch}`;
  const candidates = ancestors(koffi).map((folder) => join(folder, 'node_modules', native));
  const found = candidates.find((folder) => existsSync(folder));
  if (found === undefined)
    throw new Problem('HELPER_PROGRAM_MISSING', { detail: `The package ${native} is not installed.` });
  return { node: realpathSync(process.execPath), bundle, packages: { koffi, [native]: found } };
}

function packageFolder(file: string, name: string): string {
  const found = ancestors(file).find((folder) => {
    const manifest = join(folder, 'package.json');
    return (
      existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === name
    );
  });
  if (found === undefined)
    throw new Problem('HELPER_PROGRAM_MISSING', { detail: `The package ${name} is not installed.` });
  return found;
}

function ancestors(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...ancestors(above)];
}
