import type { ProblemKind } from './kind.ts';

/** One refusal or failure, from which HTTP answer, CLI text, dashboard message and documentation are derived. */
export interface CatalogueEntry {
  readonly kind: ProblemKind;
  /** What happened, in one sentence that never varies. */
  readonly title: string;
  /** What to do next, in one sentence. */
  readonly advice: string;
  /** HTTP status where it differs from the kind's. */
  readonly status?: number;
}

/** Keeps the literal codes of a part of the catalogue while checking its entries. */
export function entries<const T extends Record<string, CatalogueEntry>>(part: T): T {
  return part;
}
