import type { RoleRef } from '@sallyport/catalog';
import type { PolicyDocument } from '@sallyport/iam-policy';
import { aws_iam as iam } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface FixedRole {
  readonly role: RoleRef;
  readonly description: string;
  readonly trust: PolicyDocument;
  /** The permissions as one inline policy. */
  readonly permissions?: PolicyDocument;
  readonly managedPolicyArns?: string[];
  readonly boundaryArn?: string;
}

/**
 * A role whose documents stand in the template word for word as they were rendered. The higher-level Role construct
 * would merge and reorder statements, and then what is tested would not be what is deployed.
 */
export function addRole(scope: Construct, id: string, input: FixedRole): iam.CfnRole {
  return new iam.CfnRole(scope, id, {
    path: input.role.path,
    roleName: input.role.name,
    description: input.description,
    maxSessionDuration: 3600,
    assumeRolePolicyDocument: input.trust,
    ...(input.permissions === undefined
      ? {}
      : { policies: [{ policyName: 'permissions', policyDocument: input.permissions }] }),
    ...(input.managedPolicyArns === undefined ? {} : { managedPolicyArns: input.managedPolicyArns }),
    ...(input.boundaryArn === undefined ? {} : { permissionsBoundary: input.boundaryArn }),
  });
}
