/** Renders the policies of roles, boundary and leases from typed values, and evaluates policies together. */
export type { ConditionBlock, OneOrMore, PolicyDocument, Statement } from './policy.ts';
export { PolicyInputError } from './input.ts';
export { partitionOf } from './partition.ts';
export {
  renderConnectBoundary,
  renderConnectPermissions,
  type ConnectRoleInput,
} from './render/connect-role.ts';
export {
  renderHubPolicy,
  renderServiceTrust,
  type HubPolicyInput,
  type ServiceTrustInput,
} from './render/hub.ts';
export {
  databaseUserArn,
  leaseEndPlaceholder,
  previewLease,
  renderLease,
  type DatabaseUser,
  type LeaseInput,
  type LeaseScope,
} from './render/lease.ts';
export { renderOrganisationGuard, type OrganisationGuardInput } from './render/organisation-guard.ts';
export {
  recordingKeyPrefix,
  renderRecorderPermissions,
  renderRecordingBucketPolicy,
  renderRecordingReaderPermissions,
  type RecordingBucketInput,
  type RecordingBucketPolicyInput,
} from './render/recordings.ts';
export {
  readRevokedGrants,
  renderRevokedGrants,
  revokedGrantsMax,
  revokedGrantsPolicy,
  type RevokedGrants,
} from './render/revoked-grants.ts';
export { leaseSessionName, leaseSourceIdentity, leaseTags, nodeArn } from './render/names.ts';
export {
  renderGatewayPermissions,
  renderInventoryPermissions,
  renderProvisionPermissions,
  renderRevokePermissions,
  type RevokeInput,
  type ProvisionInput,
  type SessionsKept,
} from './render/spoke-duties.ts';
export {
  renderSignerPermissions,
  renderSigningKeyPolicy,
  tokenSigning,
  type SignerPermissionsInput,
} from './render/signer.ts';
export { renderConnectTrust, renderSpokeTrust, type SpokeTrustInput } from './render/spoke-trust.ts';
export { policyText, sessionPolicyCharactersMax, sessionPolicyText } from './render/text.ts';
export type { Decision, Layer, StatementRef } from './evaluate/decision.ts';
export type { Principal, RequestContext, Resource } from './evaluate/facts.ts';
export { evaluate, type CallerPolicies, type Evaluation, type Request } from './evaluate/evaluate.ts';
export { evaluateAssumeRole, type AssumeRole } from './evaluate/assume-role.ts';
export { defaultSessionDocument, evaluateStartSession, type StartSession } from './evaluate/start-session.ts';
export { selfCheckLease, type LeaseUnderCheck, type SelfCheck } from './self-check/self-check-lease.ts';
