import { z } from 'zod';

const percent = z.number().min(0).max(100);

const direction = z.strictObject({
  dropPercent: percent.default(0),
  duplicatePercent: percent.default(0),
  /** A frame changes places with the one after it. */
  reorderPercent: percent.default(0),
  delayPercent: percent.default(0),
  delayMs: z.number().min(0).max(60_000).default(50),
  /** 0: unlimited. 600 000 looks like AWS. */
  bytesPerSecond: z.number().min(0).default(0),
});

const unharmed = direction.parse({});

/** What goes wrong in the gateway, set by tests over the control endpoint. Everything is off by default. */
export const faultsForm = z.strictObject({
  toAgent: direction.default(unharmed),
  toClient: direction.default(unharmed),
  /** Age at which every client socket is closed with 1000 "Bye". */
  closeAfterSeconds: z.number().positive().nullable().default(null),
  /** ResumeSession answers without a token. */
  refuseResume: z.boolean().default(false),
  /** Each ResumeSession names another cell. */
  changeCellNumber: z.boolean().default(false),
  /** Rate of API calls per principal and action; null keeps the usual one. */
  calls: z
    .strictObject({ callsPerSecond: z.number().min(0), burst: z.number().min(0) })
    .nullable()
    .default(null),
  /** Data channels must be signed (as AWS asks since late 2025); false admits older clients. Null: as started. */
  requireSignedChannel: z.boolean().nullable().default(null),
  defaultDocumentCheck: z.enum(['always', 'by-condition-key']).nullable().default(null),
});

/** One-off events, done when the request arrives. */
export const faultEventsForm = z.strictObject({
  /** Cut one side's socket (no close frame) of every session, or of one. */
  kill: z.strictObject({ side: z.enum(['client', 'agent']), sessionId: z.string().optional() }).optional(),
});

export type Faults = z.infer<typeof faultsForm>;
export type DirectionFaults = z.infer<typeof direction>;

/** A gateway without faults. */
export const noFaults: Faults = faultsForm.parse({});
