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
  RecordingBucket,
  RoleRef,
  Signing,
  SigningKey,
  Tags,
  Tls,
} from './catalog.ts';
export {
  boundaryArnOf,
  boundaryNameOf,
  databaseUserOf,
  hostKeyTag,
  resourceKinds,
  resourceProtocols,
  teamTag,
} from './catalog.ts';
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
export {
  accountNameOf,
  isPersonalAccount,
  isPrivilegedGroup,
  isReservedAccount,
  type DerivedName,
} from './os-users/account-name.ts';
export {
  osUsersDocumentName,
  osUsersPatterns,
  parseHostError,
  parseOutcomes,
  renderOsUsersDocument,
  stepText,
  type CommandDocument,
  type StepOutcome,
} from './os-users/host-document.ts';
export { parseHostFacts, type HostFacts, type KeyFile, type OwnAccount } from './os-users/host-facts.ts';
export {
  changesMax,
  planAccounts,
  type AccountChange,
  type AccountRefusal,
  type GatewayAccounts,
  type HostPlan,
  type Member,
  type OwnerlessKeys,
} from './os-users/plan-accounts.ts';
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
  forAccount,
  isOwnAccount,
  ownAccountUser,
  grantsPurpose,
  leasePurposes,
  logBucketsOf,
  logsToCloudWatch,
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
