/** What other slices may use: the resources of the catalogue with their ids. */
export { offered, refOf, ResourceDirectory, type KnownResource } from './resource-directory.ts';
export {
  asSeenBy,
  commandLineOf,
  networkOf,
  routesShown,
  shellOf,
  speechOf,
  sshOf,
} from './resource-directory.ts';
export { ClusterDto, DatabaseDto, TlsDto } from './resource.dto.ts';
export { documentsShown, sessionPolicyShown } from './session-policy.ts';
