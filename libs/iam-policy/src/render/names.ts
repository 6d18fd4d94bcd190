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

/**
 * The session tags of a lease. At most three, with short values: they take space in the token. `runAs` is the OS user
 * of shells and commands, absent where none is opened.
 */
export function leaseTags(lease: {
  grantId: string;
  team: string;
  runAs?: string | null;
}): { Key: string; Value: string }[] {
  const tags = [
    { Key: 'GrantId', Value: checked('grantId', lease.grantId) },
    { Key: 'Team', Value: checked('team', lease.team) },
  ];
  if (lease.runAs == null) return tags;
  return [...tags, { Key: 'SSMSessionRunAs', Value: checked('runAs', lease.runAs) }];
}

/** What IAM calls a node: an instance of EC2, or one outside it. Throws PolicyInputError. */
export function nodeArn(partition: string, region: string, accountId: string, nodeId: string): string {
  const id = checked('instanceId', nodeId);
  const place = `${checked('region', region)}:${checked('accountId', accountId)}`;
  return id.startsWith('mi-')
    ? `arn:${partition}:ssm:${place}:managed-instance/${id}`
    : `arn:${partition}:ec2:${place}:instance/${id}`;
}
