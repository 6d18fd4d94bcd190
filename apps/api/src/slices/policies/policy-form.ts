import { z } from 'zod';
import { limits, type AccessPolicy, type ExtensionRule, type SessionDemands } from '@sallyport/access-domain';
import { resourceKinds } from '@sallyport/catalog';
import { Problem } from '@sallyport/problems';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'is not a name like production-databases');
const names = z.array(name).min(1).max(50);

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `45s`, `30m`, `4h`, `2d`; seconds when read. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, 'is not a duration like 30m or 4h')
  .transform((text) => Number(text.slice(0, -1)) * unitSeconds[text.slice(-1) as keyof typeof unitSeconds])
  .refine(
    (seconds) => seconds >= limits.grantSecondsMin && seconds <= limits.grantSecondsMax,
    `lies outside ${limits.grantSecondsMin} s to ${limits.grantSecondsMax} s`,
  );

/** How grants are extended: what is approved by itself, who answers the rest, and how long a grant may last in all. */
const extend = z.strictObject({
  auto: z.strictObject({ max: duration, times: z.int().min(1).max(limits.extensionsMax) }).optional(),
  approvers: names.optional(),
  maxTotal: duration,
});

const policy = z
  .strictObject({
    name,
    resources: z.strictObject({
      names: names.optional(),
      kinds: z.array(z.enum(resourceKinds)).min(1).optional(),
      environments: names.optional(),
      tags: z.record(z.string(), z.string()).optional(),
    }),
    requesters: names,
    approval: z.enum(['review', 'automatic']),
    reviewers: names,
    duration: z.strictObject({ longest: duration, default: duration }),
    reason: z.strictObject({
      required: z.boolean(),
      example: z.string().min(1).max(limits.reasonCharactersMax),
    }),
    answerWithin: duration,
    extend: z.union([z.literal('never'), extend]).optional(),
    allowEverythingBehindGateway: z.boolean().default(false),
    /** How sessions must be kept; resources that cannot be kept so are not given. */
    sessions: z
      .strictObject({
        encryption: z.enum(['required', 'any']).default('any'),
        clientRecording: z.enum(['required', 'any']).default('any'),
      })
      .optional(),
  })
  .refine(
    ({ allowEverythingBehindGateway, approval }) => !allowEverythingBehindGateway || approval === 'review',
    {
      path: ['allowEverythingBehindGateway'],
      message: 'needs approval: review, since somebody has to see it',
    },
  )
  .refine(({ duration: { longest, default: usual } }) => usual <= longest, {
    path: ['duration', 'default'],
    message: 'is longer than the longest',
  });

const form = z.strictObject({ version: z.literal(1), policies: z.array(policy).min(1).max(200) });

function extensionOf(written: 'never' | z.output<typeof extend>, reviewers: string[]): ExtensionRule | null {
  if (written === 'never') return null;
  const { auto, approvers, maxTotal } = written;
  return {
    automatic: auto === undefined ? null : { longestSeconds: auto.max, times: auto.times },
    reviewers: approvers ?? reviewers,
    totalSecondsMax: maxTotal,
  };
}

function demandsOf(written: { encryption: string; clientRecording: string }): SessionDemands {
  return {
    encryption: written.encryption === 'required',
    clientRecording: written.clientRecording === 'required',
  };
}

/** Reads the written form of the policies. Refuses with POLICIES_INVALID, naming every field that is wrong. */
export function parsePolicies(written: unknown): AccessPolicy[] {
  const parsed = form.safeParse(written);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      field: path.map(String).join('.'),
      message,
    }));
    throw new Problem('POLICIES_INVALID', {
      errors,
      detail: `The policies are not valid: ${errors.map(({ field, message }) => `${field} ${message}`).join('; ')}.`,
    });
  }
  const policies = parsed.data.policies.map((one): AccessPolicy => ({
    name: one.name,
    resources: one.resources,
    requesters: one.requesters,
    approval: one.approval,
    reviewers: one.reviewers,
    longestSeconds: one.duration.longest,
    defaultSeconds: one.duration.default,
    reasonRequired: one.reason.required,
    reasonExample: one.reason.example,
    answerWithinSeconds: one.answerWithin,
    ...(one.allowEverythingBehindGateway ? { everythingBehindGateway: true } : {}),
    ...(one.sessions === undefined ? {} : { demands: demandsOf(one.sessions) }),
    ...(one.extend === undefined ? {} : { extension: extensionOf(one.extend, one.reviewers) }),
  }));
  const twice = policies.find((one, index) => policies.findIndex((other) => other.name === one.name) < index);
  if (twice) throw new Problem('POLICIES_INVALID', { detail: `The policy ${twice.name} is named twice.` });
  return policies;
}
