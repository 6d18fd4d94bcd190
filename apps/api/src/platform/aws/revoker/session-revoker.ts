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

/** Finds and ends sessions: the two things that the revoking principal can do. Both may be repeated without harm. */
export abstract class SessionRevoker {
  /** Sessions that live now. Refuses with AWS_* codes. */
  abstract list(search: SessionSearch): Promise<SsmSession[]>;
  /** Ends a session; one that has ended already is content. Refuses with AWS_* codes. */
  abstract terminate(end: SessionEnd): Promise<void>;
}
