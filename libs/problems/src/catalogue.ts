import type { CatalogueEntry } from './catalogue-entry.ts';
import { catalog } from './catalogue/catalog.ts';
import { database } from './catalogue/database.ts';
import { general } from './catalogue/general.ts';
import { installation } from './catalogue/installation.ts';

/** Every code of the product. Codes are never renamed or reused; one file per noun beside this one. */
export const catalogue = {
  ...general,
  ...catalog,
  ...database,
  ...installation,
} as const;

export type ProblemCode = keyof typeof catalogue;

/** The entry of a code, or undefined for a code this version does not know. */
export function entryOf(code: string): CatalogueEntry | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as ProblemCode] : undefined;
}
