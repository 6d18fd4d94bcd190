import { checked } from '../input.ts';

/**
 * `RoleSessionName` of a lease, `jit-<GrantId>`; SSM session ids begin with it, so that one string joins grant,
 * STS event, session and audit. Throws PolicyInputError.
 */
export function leaseSessionName(grantId: string): string {
  return `jit-${checked('grantId', grantId)}`;
}

/** `SourceIdentity` of a lease, `u-<PersonId>`: no personal data, never re-assigned. Throws PolicyInputError. */
export function leaseSourceIdentity(personId: string): string {
  return `u-${checked('personId', personId)}`;
}

/** The session tags of a lease. At most three, with short values: they take space in the token. */
export function leaseTags(lease: { grantId: string; team: string }): { Key: string; Value: string }[] {
  return [
    { Key: 'GrantId', Value: checked('grantId', lease.grantId) },
    { Key: 'Team', Value: checked('team', lease.team) },
  ];
}
