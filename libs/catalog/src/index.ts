/** The catalogue: accounts, gateways and resources, their written form, and the pinned Session documents. */
export type {
  Account,
  Catalog,
  Cluster,
  Database,
  Gateway,
  Hub,
  Resource,
  ResourceKind,
  ResourceProtocol,
  RoleRef,
  Tags,
  Tls,
} from './catalog.ts';
export { databaseUserOf, resourceKinds, resourceProtocols, teamTag } from './catalog.ts';
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
