/** The catalogue: accounts, gateways and resources, their written form, and the pinned Session documents. */
export type { Account, Catalog, Gateway, Hub, Resource, ResourceKind, RoleRef, Tags } from './catalog.ts';
export { teamTag } from './catalog.ts';
export { forbiddenBecause } from './host.ts';
export { limits } from './limits.ts';
export { parseCatalog, readCatalog } from './parse.ts';
export {
  documentName,
  documentOf,
  documentsOf,
  renderSessionDocument,
  type DeployedDocument,
  type SessionDocument,
  type Sha256Hex,
} from './session-document.ts';
