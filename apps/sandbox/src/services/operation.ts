import type { Caller } from '../principals/caller.ts';

/** One authenticated call. */
export interface Call {
  readonly caller: Caller;
  /** From the scope of the signature. */
  readonly region: string;
  /** Host and port the caller used, for answers that hold URLs. */
  readonly host: string;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
}

/** What an operation answers and leaves in the trail. */
export interface Outcome {
  /** The members of the answer. */
  readonly result: object;
  /** `responseElements` of the trail, secrets masked; null for reads. */
  readonly trail: object | null;
  readonly recipientAccount?: string;
}

/** One emulated API operation. `input` is what the protocol decoded; nothing of it has been checked. */
export interface Operation {
  readonly name: string;
  readonly readOnly: boolean;
  /** `requestParameters` of the trail, from whatever came; must not throw. */
  describe(input: Readonly<Record<string, unknown>>): object;
  /** Authorises, acts, answers. Throws AwsError for every refusal. */
  run(input: Readonly<Record<string, unknown>>, call: Call): Promise<Outcome>;
}

/** An emulated service. */
export interface Service {
  /** Service name in the scope of signatures. */
  readonly signingName: string;
  /** `eventSource` of the trail. */
  readonly eventSource: string;
  readonly operations: ReadonlyMap<string, Operation>;
}

/** Builds the map of a service's operations. */
export function operations(...list: readonly Operation[]): ReadonlyMap<string, Operation> {
  return new Map(list.map((operation) => [operation.name, operation]));
}

/** Deeper values of a hostile call are left out of the trail. No real call is as deep. */
const trailDepthMax = 12;

/** Member names as CloudTrail writes them: first letter small. Depth first, arrays kept. */
export function trailNames(value: unknown, depth = 0): unknown {
  if (depth > trailDepthMax) return null;
  if (Array.isArray(value)) return value.map((entry) => trailNames(entry, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key.charAt(0).toLowerCase() + key.slice(1),
      trailNames(entry, depth + 1),
    ]),
  );
}
