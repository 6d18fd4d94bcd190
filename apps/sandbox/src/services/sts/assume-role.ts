import { deflateRawSync } from 'node:zlib';
import type { Effects } from '@sallyport/effects';
import type { PolicyDocument } from '@sallyport/iam-policy';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { hidden } from '../../cloudtrail/trail.ts';
import { limits } from '../../limits.ts';
import type { Caller } from '../../principals/caller.ts';
import type { TokenSeal } from '../../principals/sealed-token.ts';
import { base32Of } from '../../principals/unique-id.ts';
import type { Role } from '../../world/principals-of-catalog.ts';
import { sessionArn, type World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import type { Operation } from '../operation.ts';
import { readAssumeRole, type AssumeRoleInput } from './assume-role-input.ts';

/** AssumeRole: trust policy and the caller's own policies, session policy, tags, source identity, packed size. */
export function assumeRole(parts: {
  readonly world: World;
  readonly authoriser: Authoriser;
  readonly seal: TokenSeal;
  readonly effects: Effects;
}): Operation {
  const { world, authoriser, seal, effects } = parts;
  return {
    name: 'AssumeRole',
    readOnly: true,
    describe: describeAssumeRole,
    async run(raw, call) {
      const input = readAssumeRole(raw);
      const role = authoriser.requireAssumption(call, world.roles.get(input.roleArn), input);
      refuseOtherIdentity(call.caller, input);
      refuseDuration(call.caller, role, input);
      const sessionPolicy = input.policyText === undefined ? undefined : readPolicy(input.policyText);
      const packed = packedSize(input);
      const issuedAt = Math.floor(effects.clock.now() / 1000) * 1000;
      const expiresAt = issuedAt + input.durationSeconds * 1000;
      const sourceIdentity = call.caller.session?.sourceIdentity ?? input.sourceIdentity;
      const accessKeyId = `ASIA${base32Of(effects.random.bytes(16), 16)}`;
      const token = seal.seal({
        accessKeyId,
        roleArn: role.arn,
        roleSessionName: input.roleSessionName,
        issuedAt,
        expiresAt,
        ...(sessionPolicy === undefined ? {} : { sessionPolicy }),
        ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
        tags: { ...inherited(call.caller), ...Object.fromEntries(input.tags.map((t) => [t.key, t.value])) },
        transitiveTagKeys: input.transitiveTagKeys,
      });
      const user = {
        AssumedRoleId: `${role.id}:${input.roleSessionName}`,
        Arn: sessionArn(role, input.roleSessionName),
      };
      const expiration = new Date(expiresAt).toISOString().replace('.000', '');
      return {
        result: {
          Credentials: {
            AccessKeyId: accessKeyId,
            SecretAccessKey: seal.secretOf(accessKeyId),
            SessionToken: token,
            Expiration: expiration,
          },
          AssumedRoleUser: user,
          PackedPolicySize: packed,
          SessionTokenUtilization: Math.ceil((100 * token.length) / limits.sessionTokenBytesMax),
          SessionTokenSize: token.length,
          ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
        },
        trail: {
          credentials: { accessKeyId, sessionToken: hidden, expiration },
          assumedRoleUser: { assumedRoleId: user.AssumedRoleId, arn: user.Arn },
          packedPolicySize: packed,
          ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
        },
        recipientAccount: role.account,
      };
    },
  };
}

/** A source identity is immutable once set: chaining may repeat it, not change it. */
function refuseOtherIdentity({ session, arn }: Caller, { sourceIdentity, roleArn }: AssumeRoleInput): void {
  if (
    session?.sourceIdentity !== undefined &&
    sourceIdentity !== undefined &&
    session.sourceIdentity !== sourceIdentity
  )
    throw AwsError.common(
      'access-denied',
      `User: ${arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${roleArn}`,
    );
}

function refuseDuration(caller: Caller, role: Role, { durationSeconds }: AssumeRoleInput): void {
  if (durationSeconds > role.sessionSecondsMax)
    throw AwsError.common(
      'validation',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  if (caller.type === 'AssumedRole' && durationSeconds > limits.chainedSecondsMax)
    throw AwsError.common(
      'validation',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
}

function readPolicy(text: string): PolicyDocument {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw AwsError.own('MalformedPolicyDocument', 'The policy is not in the valid JSON format.');
  }
  const document = policy as Partial<PolicyDocument> | null;
  if (typeof document !== 'object' || document === null || document.Statement === undefined)
    throw AwsError.own('MalformedPolicyDocument', 'Syntax errors in policy.');
  // Whatever else is wrong with it, the evaluator refuses when it is used: it fails closed.
  return document as PolicyDocument;
}

/** Percentage of the packed limit. @throws AwsError `PackedPolicyTooLarge`. */
function packedSize({ policyText, tags }: AssumeRoleInput): number {
  if (policyText === undefined && tags.length === 0) return 0;
  const packed = deflateRawSync(Buffer.from(JSON.stringify([policyText, tags]))).length;
  const percent = Math.ceil((100 * packed) / limits.packedBytesMax);
  if (percent > 100)
    throw AwsError.own(
      'PackedPolicyTooLarge',
      `Packed size of session tags and policies consumes ${percent}% of allotted space.`,
    );
  return percent;
}

/** Tags the caller's own session hands down. */
function inherited({ session }: Caller): Record<string, string> {
  const keys = session?.transitiveTagKeys ?? [];
  return Object.fromEntries(Object.entries(session?.tags ?? {}).filter(([key]) => keys.includes(key)));
}

function describeAssumeRole(input: Readonly<Record<string, unknown>>): object {
  const tags = Array.isArray(input['Tags'])
    ? (input['Tags'] as (Record<string, unknown> | undefined)[])
    : undefined;
  return {
    roleArn: input['RoleArn'],
    roleSessionName: input['RoleSessionName'],
    policy: input['Policy'],
    durationSeconds: input['DurationSeconds'] === undefined ? undefined : Number(input['DurationSeconds']),
    externalId: input['ExternalId'],
    sourceIdentity: input['SourceIdentity'],
    tags: tags?.map((tag) => ({ key: tag?.['Key'], value: tag?.['Value'] })),
    transitiveTagKeys: input['TransitiveTagKeys'],
  };
}
