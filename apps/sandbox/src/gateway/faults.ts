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
  /** Agents of these instances hear and say nothing, while the gateway goes on answering pings. */
  hungInstances: z.array(z.string()).max(100).default([]),
  /**
   * A network that swallows: client sockets of one session, of an instance's sessions, or of all, stay open, and
   * nothing passes nor answers on them ever again. `newSockets`: also on those opened while this stands.
   */
  blackHole: z
    .strictObject({
      sessionId: z.string().optional(),
      instanceId: z.string().optional(),
      newSockets: z.boolean().default(false),
    })
    .nullable()
    .default(null),
  /** Rate of API calls per principal and action; null keeps the usual one. */
  calls: z
    .strictObject({ callsPerSecond: z.number().min(0), burst: z.number().min(0) })
    .nullable()
    .default(null),
  /** Data channels must be signed (as AWS asks since late 2025); false admits older clients. Null: as started. */
  requireSignedChannel: z.boolean().nullable().default(null),
  defaultDocumentCheck: z.enum(['always', 'by-condition-key']).nullable().default(null),
});

const instanceOrSession = { sessionId: z.string().optional(), instanceId: z.string().optional() };
const downMs = z.number().min(0).max(600_000);

/** One-off events, done when the request arrives; the plan above stays as it is. */
export const faultEventsForm = z.strictObject({
  /** One side's socket of every session, of one, or of an instance's: cut, reset (TCP RST), or closed with 1000 "Bye". */
  kill: z
    .strictObject({
      side: z.enum(['client', 'agent']),
      ...instanceOrSession,
      how: z.enum(['cut', 'reset', 'bye']).default('cut'),
    })
    .optional(),
  /**
   * The agent of an instance ends and is back after `downMs`. Its sessions fail (`channel_closed`), or, as after a
   * power loss, `silent`ly: the gateway says only that the agent paused, and nobody comes back for them.
   */
  restartAgent: z
    .strictObject({
      instanceId: z.string(),
      downMs: downMs.default(1000),
      sessions: z.enum(['failed', 'silent']).default('failed'),
    })
    .optional(),
  /** Every data channel is reset, and none is accepted for `downMs`. Sessions live on. */
  restartGateway: z.strictObject({ downMs: downMs.default(500) }).optional(),
});

export type Faults = z.infer<typeof faultsForm>;
export type FaultEvents = z.infer<typeof faultEventsForm>;
export type BlackHole = NonNullable<Faults['blackHole']>;
export type DirectionFaults = z.infer<typeof direction>;

/** A gateway without faults. */
export const noFaults: Faults = faultsForm.parse({});
