import { checked } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

export interface SpokeTrustInput {
  /** The hub role, never its account: else any principal there that may assume roles qualifies. */
  readonly principalArn: string;
  readonly externalId: string;
  /** Null where the accounts belong to no organisation. */
  readonly organisationId: string | null;
}

/** `grt_` and exactly 26 further characters. */
const anyGrantId = `grt_${'?'.repeat(26)}`;

/**
 * Trust of the role that leases are issued from. The session name must repeat the grant's tag, a source identity
 * must be given, other tags are refused, and so are the privileged operating-system users, even when the issuer is
 * in foreign hands. `ForAllValues` holds when no tag is sent, hence the separate demand for GrantId.
 *
 * One statement per action, as in AWS's own examples: which keys are present when sts:TagSession and
 * sts:SetSourceIdentity are authorised is not documented, and the call needs all three to be allowed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
export function renderConnectTrust(input: SpokeTrustInput): PolicyDocument {
  const Principal = { AWS: checked('roleArn', input.principalArn) };
  const identity = { 'sts:SourceIdentity': 'u-?*' };
  const grant = { 'aws:RequestTag/GrantId': anyGrantId };
  const knownTags = {
    'ForAllValues:StringEquals': { 'aws:TagKeys': ['GrantId', 'Team', 'SSMSessionRunAs'] },
  };
  const named = { 'sts:RoleSessionName': 'jit-${aws:RequestTag/GrantId}' };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'HubMayIssue',
        Effect: 'Allow',
        Principal,
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { ...identification(input), ...named },
          StringLike: { ...grant, ...identity },
          ...knownTags,
        },
      },
      {
        Sid: 'WithTheTagsOfAGrant',
        Effect: 'Allow',
        Principal,
        Action: 'sts:TagSession',
        Condition: { StringLike: grant, ...knownTags },
      },
      {
        Sid: 'ForOnePerson',
        Effect: 'Allow',
        Principal,
        Action: 'sts:SetSourceIdentity',
        Condition: { StringLike: identity },
      },
      {
        Sid: 'NoRootRunAs',
        Effect: 'Deny',
        Principal,
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: {
          StringEqualsIgnoreCase: { 'aws:RequestTag/SSMSessionRunAs': ['root', 'toor', 'ssm-user'] },
        },
      },
    ],
  };
}

/** Trust of the revoking and the inventory role: their hub role, with the external id, and without tags. */
export function renderSpokeTrust(input: SpokeTrustInput): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'HubMayAssume',
        Effect: 'Allow',
        Principal: { AWS: checked('roleArn', input.principalArn) },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: identification(input) },
      },
    ],
  };
}

function identification(input: SpokeTrustInput): Record<string, string> {
  return {
    'sts:ExternalId': checked('externalId', input.externalId),
    ...(input.organisationId === null
      ? {}
      : { 'aws:PrincipalOrgID': checked('organisationId', input.organisationId) }),
  };
}
