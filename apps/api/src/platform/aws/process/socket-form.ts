import { z } from 'zod';

/** Longest line either way: the largest answer is a page of instances with their tags. */
export const lineBytesMax = 1_048_576;
/** A principal that has not answered by then is given up; its own calls to AWS end earlier. */
export const answerWaitMs = 30_000;

/** A question: one JSON line, then the asking side waits. One connection carries one question. */
export const questionForm = z.strictObject({ operation: z.string(), input: z.unknown() });

/** The answer: one JSON line, then the connection ends. */
export const answerForm = z.union([
  z.strictObject({ ok: z.literal(true), output: z.unknown() }),
  z.strictObject({ ok: z.literal(false), code: z.string(), detail: z.string().optional() }),
]);
export type Answer = z.infer<typeof answerForm>;
