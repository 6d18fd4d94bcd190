/** Bounds of what agents may send. */
export const limits = {
  /** A page of records; an agent sends a page when it is full or a few seconds old. */
  recordsPerReportMax: 100,
  /** Pages of one agent in a minute. */
  reportsPerMinuteMax: 120,
  /** How long an agent waits for a grant to end before it asks again. */
  revocationWaitMs: 25_000,
  /** Ended grants named in one answer. */
  revocationsPerAnswerMax: 1_000,
  /** A join token is put into an instance's user data, so it must live through the start of an instance. */
  joinTokenSeconds: 3_600,
} as const;
