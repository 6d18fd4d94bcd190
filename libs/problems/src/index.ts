/** The catalogue of refusals and failures: one entry, five faces (domain, HTTP, CLI, dashboard, documentation). */
export { catalogue, entryOf, type ProblemCode } from './catalogue.ts';
export type { CatalogueEntry } from './catalogue-entry.ts';
export { kinds, type ProblemKind } from './kind.ts';
export {
  isProblemDocument,
  Problem,
  toDocument,
  type FieldError,
  type Occurrence,
  type ProblemDocument,
} from './problem.ts';
