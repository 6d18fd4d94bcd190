import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readCatalog, type Catalog } from '@sallyport/catalog';

/** Reads the catalogue that this process works with. Refuses with CATALOG_* codes. */
export function readCatalogFile(path: string): Catalog {
  return readCatalog(readFileSync(path, 'utf8'), parse);
}
