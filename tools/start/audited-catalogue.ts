import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey, readIdentities, recipientsOf } from '@sallyport/recording';
import { writePrivate } from './secrets.ts';

/** The auditors' key of the committed catalogue, whose private half nobody holds. */
const nobodysKey = 'age1pccyd64ywgy0e9f5fmn29d5krlrgq9ejtg9m4hv3y0359t06xvzq68tz9c';

/**
 * The committed catalogue with an auditors' key of this installation, whose private half (mode 0600) lies beside its data and survives restarts. Undefined where the catalogue is
 * somebody's own: another file, or with another key.
 */
export async function auditedCatalogue(
  repository: string,
  dataDir: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly catalogFile: string; readonly keyFile: string } | undefined> {
  if (environment.SALLYPORT_CATALOG) return undefined;
  const committed = readFileSync(join(repository, 'config/catalog.yaml'), 'utf8');
  if (!committed.includes(nobodysKey)) return undefined;
  const keyFile = join(dataDir, 'auditors-key.txt');
  if (!existsSync(keyFile)) {
    const { recipient, identity } = await generateKey();
    writePrivate(keyFile, `# public key: ${recipient}\n${identity}\n`);
  }
  const [recipient = ''] = await recipientsOf(await readIdentities(readFileSync(keyFile, 'utf8')));
  const catalogFile = join(dataDir, 'catalog.yaml');
  writePrivate(catalogFile, committed.replaceAll(nobodysKey, recipient));
  return { catalogFile, keyFile };
}
