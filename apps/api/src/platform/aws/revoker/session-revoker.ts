import { z } from 'zod';

export const sessionSearchForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  /** What the ids begin with, such as `jit-grt_...-`. */
  prefix: z.string().regex(/^jit-/),
});
export type SessionSearch = z.infer<typeof sessionSearchForm>;

export const ssmSessionForm = z.strictObject({
  ssmSessionId: z.string(),
  instanceId: z.string().nullable(),
  /** Unix milliseconds. */
  startedAt: z.number().nullable(),
});
/** A session as Session Manager knows it. */
export type SsmSession = z.infer<typeof ssmSessionForm>;

export const sessionEndForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  ssmSessionId: z.string().regex(/^jit-/),
});
export type SessionEnd = z.infer<typeof sessionEndForm>;

export const denyForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  grantId: z.string().regex(/^grt_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  /** False takes it out of the list. */
  denied: z.boolean(),
});
export type DenyOrder = z.infer<typeof denyForm>;

export const deniedForm = z.strictObject({
  /** Of the write to IAM; null when it stood there already. */
  requestId: z.string().nullable(),
  /** Grants that are denied by name. */
  grants: z.number(),
  /** There were too many to name: everything issued before is denied. */
  widened: z.boolean(),
});
export type Denied = z.infer<typeof deniedForm>;

/** What the revoking principal can do: find and end sessions, and deny a grant. All may be repeated without harm. */
export abstract class SessionRevoker {
  /** Sessions that live now. Refuses with AWS_* codes. */
  abstract list(search: SessionSearch): Promise<SsmSession[]>;
  /** Ends a session; one that has ended already is content. Refuses with AWS_* codes. */
  abstract terminate(end: SessionEnd): Promise<void>;
  /** Denies everything to the leases of a grant, or no longer. Refuses with AWS_* codes. */
  abstract deny(order: DenyOrder): Promise<Denied>;
}
