import type { FlowRecord } from './records/flow-record.ts';

/** What is counted; metrics read it, tests may. */
export interface Meters {
  clients(now: number): void;
  flows(now: number): void;
  flowEnded(record: FlowRecord): void;
  refusedClient(code: string): void;
  refusedFlow(why: string): void;
  question(): void;
  /** A whole packet (L3) that went nowhere. */
  packetDropped(why: string): void;
  recordsDropped(count: number): void;
}

/** Counts nothing. */
export const noMeters: Meters = {
  clients: () => undefined,
  flows: () => undefined,
  flowEnded: () => undefined,
  refusedClient: () => undefined,
  refusedFlow: () => undefined,
  question: () => undefined,
  packetDropped: () => undefined,
  recordsDropped: () => undefined,
};
