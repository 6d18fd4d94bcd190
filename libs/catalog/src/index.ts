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
  Signing,
  SigningKey,
  Tags,
  Tls,
} from './catalog.ts';
export { databaseUserOf, hostKeyTag, resourceKinds, resourceProtocols, teamTag } from './catalog.ts';
export { forbiddenBecause } from './host.ts';
export { limits } from './limits.ts';
export type { Network, NetworkProtocol, NetworkRoute, NetworkWay, PortRange } from './network.ts';
export {
  cidrOf,
  networkForbiddenBecause,
  networkProtocols,
  networkWays,
  routesWithin,
  suffixForbiddenBecause,
} from './network.ts';
export { parseCatalog, readCatalog } from './parse.ts';
export type {
  ChosenPurpose,
  LeasePurpose,
  NamedCommand,
  ShellAccess,
  ShellLogs,
  SshAccess,
} from './session-access.ts';
export {
  defaultPurpose,
  grantsPurpose,
  leasePurposes,
  purposeOfDocument,
  purposesOf,
  pushedUserOf,
  runAsOf,
} from './session-access.ts';
export {
  documentName,
  documentOf,
  documentsByPurpose,
  documentsOf,
  gatewayPorts,
  mostlyChosen,
  renderGatewayDocument,
  renderSessionDocument,
  type DeployedDocument,
  type SessionDocument,
  type Sha256Hex,
} from './session-document.ts';
