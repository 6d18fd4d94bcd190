import { checked, PolicyInputError } from '../input.ts';
import type { PolicyDocument, Statement } from '../policy.ts';

/** Name of the inline policy on the connecting role. */
export const revokedGrantsPolicy = 'RevokedGrants';
/** The inline policies of a role have 10,240 characters together; an id takes 33. */
export const revokedGrantsMax = 250;

/** What leases in hand are refused. */
export interface RevokedGrants {
  /** Ids of grants; each ends its own leases. */
  readonly grantIds: readonly string[];
  /** Whatever was issued before ends as well; Unix milliseconds, null where that is nothing. */
  readonly issuedBefore: number | null;
}

/**
 * Denies everything to the sessions of revoked grants, whatever their leases and the role allow. Undefined where there is
 * nothing to deny: an empty list of values is not a policy. Throws PolicyInputError, also above {@link revokedGrantsMax}.
 */
export function renderRevokedGrants({ grantIds, issuedBefore }: RevokedGrants): PolicyDocument | undefined {
  if (grantIds.length > revokedGrantsMax) throw new PolicyInputError('grantId', 'is one of too many');
  const deny = (Sid: string, Condition: Statement['Condition']): Statement => ({
    ...{ Sid, Effect: 'Deny', Action: '*', Resource: '*' },
    ...(Condition === undefined ? {} : { Condition }),
  });
  const ids = [...new Set(grantIds)].sort().map((id) => checked('grantId', id));
  const statements = [
    ...(ids.length === 0
      ? []
      : [deny('RevokedGrants', { StringEquals: { 'aws:PrincipalTag/GrantId': ids } })]),
    ...(issuedBefore === null
      ? []
      : [deny('EverythingIssuedBefore', { DateLessThan: { 'aws:TokenIssueTime': instant(issuedBefore) } })]),
  ];
  return statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements };
}

/** What a policy that {@link renderRevokedGrants} made says; undefined for any other document. */
export function readRevokedGrants(document: unknown): RevokedGrants | undefined {
  const statements = (document as Partial<PolicyDocument> | null)?.Statement;
  if (!Array.isArray(statements)) return undefined;
  const conditionOf = (sid: string) =>
    (statements as readonly Statement[]).find((statement) => statement.Sid === sid)?.Condition;
  const ids = [conditionOf('RevokedGrants')?.['StringEquals']?.['aws:PrincipalTag/GrantId'] ?? []].flat();
  const before = conditionOf('EverythingIssuedBefore')?.['DateLessThan']?.['aws:TokenIssueTime'];
  const read = { grantIds: ids, issuedBefore: before === undefined ? null : Date.parse(String(before)) };
  try {
    return JSON.stringify(renderRevokedGrants(read)) === JSON.stringify(document) ? read : undefined;
  } catch {
    return undefined; // somebody else's ids
  }
}

/** IAM compares to the second. */
const instant = (at: number) => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
