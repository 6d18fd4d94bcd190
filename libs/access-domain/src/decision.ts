import type { ProblemCode } from '@sallyport/problems';
import type { AuditEvent } from './audit-event.ts';

/** A catalogued no. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What a decision gives: the next state with the events that happened, or a refusal. */
export type Decision<T> =
  | { readonly ok: true; readonly next: T; readonly events: readonly AuditEvent[] }
  | { readonly ok: false; readonly refusal: Refusal };

export function refuse(code: ProblemCode, rest: Omit<Refusal, 'code'> = {}): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code, ...rest } };
}

export function decided<T>(next: T, events: readonly AuditEvent[]): Decision<T> {
  return { ok: true, next, events };
}
