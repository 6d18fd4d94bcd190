import { PolicyInputError } from '../input.ts';
import type { PolicyDocument } from '../policy.ts';

/** STS takes at most 2,048 characters of inline session policy and managed-policy ARNs together. */
export const sessionPolicyCharactersMax = 2048;

/** The text of a policy as it goes to AWS. */
export function policyText(policy: PolicyDocument): string {
  return JSON.stringify(policy);
}

/** The text of a session policy. Throws PolicyInputError when STS would refuse its length. */
export function sessionPolicyText(policy: PolicyDocument): string {
  const text = policyText(policy);
  if (text.length > sessionPolicyCharactersMax) {
    throw new PolicyInputError('sessionPolicy', `has ${text.length} characters`);
  }
  return text;
}
