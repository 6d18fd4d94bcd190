import { checked, PolicyInputError } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

export interface OrganisationGuardInput {
  /** Tag keys by which instances are enrolled and chosen; whoever writes them may widen access. */
  readonly tagKeys: readonly string[];
  /** Role ARN patterns that may write those tags, for example `arn:aws:iam::*:role/platform/JitEnroll`. */
  readonly enrollers: readonly string[];
  /** Role ARN patterns that deploy: they may change session documents and our roles. */
  readonly deployers: readonly string[];
  /** The roles that deny revoked grants: they write inline policies of our roles, and nothing else of them. */
  readonly revokers: readonly string[];
  /** Role ARN patterns that may reach enrolled instances beside our roles (break-glass, patching). */
  readonly exempt: readonly string[];
  /** `aws` unless told otherwise. */
  readonly partition?: string;
}

const documentActions = [
  'ssm:CreateDocument',
  'ssm:UpdateDocument',
  'ssm:UpdateDocumentDefaultVersion',
  'ssm:DeleteDocument',
  'ssm:ModifyDocumentPermission',
];
const roleActions = [
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DetachRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:TagRole',
  'iam:UntagRole',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
];
const inlineActions = ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'];
const policyActions = [
  'iam:CreatePolicyVersion',
  'iam:DeletePolicy',
  'iam:DeletePolicyVersion',
  'iam:SetDefaultPolicyVersion',
];

/** Organizations takes 5,120 characters. */
const charactersMax = 5120;

/**
 * A service control policy for the accounts that hold resources: nobody but the named roles may write the tags by
 * which IAM knows gateways, change our documents and roles, or reach an enrolled instance by another way. It does
 * not bind the management account. Throws PolicyInputError.
 */
export function renderOrganisationGuard(input: OrganisationGuardInput): PolicyDocument {
  const keys = input.tagKeys.map((key) => checked('tagKey', key));
  if (keys.length === 0) throw new PolicyInputError('tagKey', 'is missing');
  const partition = checked('partition', input.partition ?? 'aws');
  const deployers = rolePatterns(input.deployers);
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'GuardTags',
        Effect: 'Deny',
        Action: ['ec2:CreateTags', 'ec2:DeleteTags', 'ssm:AddTagsToResource', 'ssm:RemoveTagsFromResource'],
        Resource: '*',
        Condition: {
          'ForAnyValue:StringEquals': { 'aws:TagKeys': keys },
          ArnNotLike: { 'aws:PrincipalArn': [...rolePatterns(input.enrollers), ...deployers] },
        },
      },
      {
        Sid: 'GuardDocuments',
        Effect: 'Deny',
        Action: documentActions,
        Resource: `arn:${partition}:ssm:*:*:document/jit-*`,
        Condition: { ArnNotLike: { 'aws:PrincipalArn': deployers } },
      },
      {
        Sid: 'GuardRoles',
        Effect: 'Deny',
        Action: roleActions,
        Resource: `arn:${partition}:iam::*:role/jit/*`,
        Condition: { ArnNotLike: { 'aws:PrincipalArn': deployers } },
      },
      {
        Sid: 'GuardInlinePolicies',
        Effect: 'Deny',
        Action: inlineActions,
        Resource: `arn:${partition}:iam::*:role/jit/*`,
        Condition: { ArnNotLike: { 'aws:PrincipalArn': [...deployers, ...rolePatterns(input.revokers)] } },
      },
      {
        Sid: 'GuardPolicies',
        Effect: 'Deny',
        Action: policyActions,
        Resource: `arn:${partition}:iam::*:policy/jit/*`,
        Condition: { ArnNotLike: { 'aws:PrincipalArn': deployers } },
      },
      {
        Sid: 'NoSideDoor',
        Effect: 'Deny',
        Action: ['ssm:StartSession', 'ssm:SendCommand', 'ec2-instance-connect:SendSSHPublicKey'],
        Resource: `arn:${partition}:ec2:*:*:instance/*`,
        Condition: {
          StringEquals: { 'aws:ResourceTag/jit-managed': 'true' },
          ArnNotLike: {
            'aws:PrincipalArn': [`arn:${partition}:iam::*:role/jit/*`, ...rolePatterns(input.exempt, 0)],
          },
        },
      },
    ],
  };
  if (JSON.stringify(policy).length > charactersMax) throw new PolicyInputError('guard', 'is too long');
  return policy;
}

/** Patterns that stand for roles and never for everybody: the name must begin with something. */
function rolePatterns(patterns: readonly string[], atLeast = 1): string[] {
  if (patterns.length < atLeast) throw new PolicyInputError('rolePattern', 'is missing');
  for (const pattern of patterns) {
    if (!/^arn:aws(?:-[a-z]+){0,2}:iam::(\d{12}|\*):role\/[\w+=,.@-][\w+=,.@/*-]*$/.test(pattern)) {
      throw new PolicyInputError('rolePattern', 'does not have its form');
    }
  }
  return [...patterns];
}
