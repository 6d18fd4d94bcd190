import { checked, checkedAll } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

export interface HubPolicyInput {
  /** Issuing passes session tags and a source identity; the others only take on their role. */
  readonly purpose: 'issue' | 'revoke' | 'inventory' | 'provision';
  /** Listed one by one: a wildcard account would let anybody offer theirs as a spoke. */
  readonly roleArns: readonly string[];
}

/** Permissions of a hub role: it may take on its role in the listed accounts and do nothing else. */
export function renderHubPolicy(input: HubPolicyInput): PolicyDocument {
  const actions =
    input.purpose === 'issue'
      ? ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']
      : ['sts:AssumeRole'];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AssumeSpokeRoles',
        Effect: 'Allow',
        Action: actions,
        Resource: checkedAll('roleArn', input.roleArns),
      },
      {
        Sid: 'NothingElse',
        Effect: 'Deny',
        NotAction: [...actions, 'sts:GetCallerIdentity'],
        Resource: '*',
      },
    ],
  };
}

export interface ServiceTrustInput {
  /** For example `ecs-tasks.amazonaws.com`. */
  readonly service: string;
  /** The account whose workload it must be; null for EC2, which does not tell on whose behalf it calls. */
  readonly accountId: string | null;
}

/** Trust of a role that an AWS service takes on for a workload (confused-deputy check where the service allows one). */
export function renderServiceTrust(input: ServiceTrustInput): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'WorkloadOfThisAccount',
        Effect: 'Allow',
        Principal: { Service: checked('service', input.service) },
        Action: 'sts:AssumeRole',
        ...(input.accountId === null
          ? {}
          : {
              Condition: { StringEquals: { 'aws:SourceAccount': checked('accountId', input.accountId) } },
            }),
      },
    ],
  };
}
