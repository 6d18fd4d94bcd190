import { z } from 'zod';

/** What a lease is to be for. Every field comes from rows of an active grant and the inventory, none from a request. */
export const leaseOrderForm = z.strictObject({
  grantId: z.string(),
  personId: z.string(),
  accountId: z.string(),
  region: z.string(),
  instanceId: z.string(),
  instanceTags: z.record(z.string(), z.string()),
  documentName: z.string(),
  /** The one database user to sign in as by IAM, or null. */
  databaseUser: z.strictObject({ rdsResourceId: z.string(), name: z.string() }).nullable(),
  /** The one OS user to push an SSH key for, or null. */
  osUser: z.string().nullable(),
  /** The OS user that shells and commands run as, or null. */
  runAs: z.string().nullable(),
  /** The KMS key that they are encrypted with, or null. */
  keyArn: z.string().nullable(),
  team: z.string(),
  /** Unix milliseconds. */
  leaseEndsAt: z.number(),
});
export type LeaseOrder = z.infer<typeof leaseOrderForm>;

/** Credentials as STS gave them: to be handed on once, never stored, never logged. */
export const issuedLeaseForm = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.string(),
  /** Unix milliseconds. The useful life is the session policy's, which is shorter. */
  expiresAt: z.number(),
  /** How full the session token is, 0 to 100; null when AWS does not say. */
  tokenUtilization: z.number().nullable(),
  awsRequestId: z.string().nullable(),
});
export type IssuedLease = z.infer<typeof issuedLeaseForm>;

/** Issues leases: the one thing that the issuing principal can do. */
export abstract class LeaseIssuer {
  /**
   * Refuses with LEASE_SELF_CHECK_FAILED, AWS_TARGET_UNKNOWN, AWS_DENIED, AWS_THROTTLED, AWS_UNAVAILABLE (nothing
   * was issued) and AWS_ANSWER_LOST (something may have been).
   */
  abstract issue(order: LeaseOrder): Promise<IssuedLease>;
}
