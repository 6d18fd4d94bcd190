import { z } from 'zod';
import { limits } from '../../limits.ts';
import { AwsError } from '../aws-error.ts';

const tag = z.object({
  Key: z
    .string()
    .min(1)
    .max(limits.tagKeyCharsMax)
    .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u),
  Value: z
    .string()
    .max(limits.tagValueCharsMax)
    .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u),
});

/** Documented constraints of AssumeRole's parameters, as the Query protocol brings them: all texts. */
const form = z.object({
  RoleArn: z.string().min(20).max(2048),
  RoleSessionName: z
    .string()
    .min(2)
    .max(64)
    .regex(/^[\w+=,.@-]*$/),
  Policy: z.string().min(1).max(limits.sessionPolicyCharsMax).optional(),
  PolicyArns: z.array(z.unknown()).max(10).optional(),
  DurationSeconds: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional(),
  ExternalId: z
    .string()
    .min(2)
    .max(1224)
    .regex(/^[\w+=,.@:/-]*$/)
    .optional(),
  SourceIdentity: z
    .string()
    .min(2)
    .max(64)
    .regex(/^[\w+=,.@-]*$/)
    .optional(),
  Tags: z.array(tag).max(limits.sessionTagsMax).optional(),
  TransitiveTagKeys: z.array(z.string()).max(limits.sessionTagsMax).optional(),
});

/** A checked AssumeRole call. */
export interface AssumeRoleInput {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly policyText?: string | undefined;
  readonly durationSeconds: number;
  readonly externalId?: string | undefined;
  readonly sourceIdentity?: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys: readonly string[];
}

const durationDefault = 3600;

/** Checks the parameters. @throws AwsError `validation` in AWS's wording, or `InvalidParameterValue`. */
export function readAssumeRole(input: Readonly<Record<string, unknown>>): AssumeRoleInput {
  const read = form.safeParse(input);
  if (!read.success) {
    const [issue] = read.error.issues;
    const member = String(issue?.path[0] ?? 'request');
    const name = member.charAt(0).toLowerCase() + member.slice(1);
    throw invalid(
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${issue?.message}`,
    );
  }
  const { data } = read;
  if (data.PolicyArns !== undefined) throw invalid('Managed session policies are not offered here.');
  const durationSeconds = Number(data.DurationSeconds ?? durationDefault);
  if (durationSeconds < limits.durationSecondsMin || durationSeconds > limits.durationSecondsMax)
    throw invalid(
      `1 validation error detected: Value '${durationSeconds}' at 'durationSeconds' failed to satisfy constraint: ` +
        `Member must have value ${durationSeconds < limits.durationSecondsMin ? 'greater' : 'less'} than or equal to ` +
        `${durationSeconds < limits.durationSecondsMin ? limits.durationSecondsMin : limits.durationSecondsMax}`,
    );
  const tags = (data.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (new Set(tags.map(({ key }) => key.toLowerCase())).size !== tags.length)
    throw AwsError.own(
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    );
  if (tags.some(({ key }) => key.toLowerCase().startsWith('aws:')) || data.SourceIdentity?.startsWith('aws:'))
    throw invalid('Values must not begin with aws:.');
  return {
    roleArn: data.RoleArn,
    roleSessionName: data.RoleSessionName,
    policyText: data.Policy,
    durationSeconds,
    externalId: data.ExternalId,
    sourceIdentity: data.SourceIdentity,
    tags,
    transitiveTagKeys: data.TransitiveTagKeys ?? [],
  };
}

function invalid(message: string): AwsError {
  return AwsError.common('validation', message);
}
