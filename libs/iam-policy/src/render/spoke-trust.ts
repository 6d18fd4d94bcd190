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
 */
export function renderConnectTrust(input: SpokeTrustInput): PolicyDocument {
  const principal = { AWS: checked('roleArn', input.principalArn) };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'HubMayIssue',
        Effect: 'Allow',
        Principal: principal,
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
        Condition: {
          StringEquals: {
            ...identification(input),
            'sts:RoleSessionName': 'jit-${aws:RequestTag/GrantId}',
          },
          StringLike: { 'aws:RequestTag/GrantId': anyGrantId, 'sts:SourceIdentity': 'u-?*' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['GrantId', 'Team', 'SSMSessionRunAs'] },
        },
      },
      {
        Sid: 'NoRootRunAs',
        Effect: 'Deny',
        Principal: principal,
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
