import type { Facts } from '../facts.ts';
import type { Fit } from '../outcome.ts';

/** Judges one value of the request. */
export type Matcher = (actual: string, facts: Facts) => Fit;

/**
 * One condition operator. `read` takes one value of the policy, throws Unsupported when it has no valid form, and gives
 * the matcher. A negated operator holds when its matcher fits none of the policy's values.
 */
export interface Operator {
  readonly negated: boolean;
  readonly read: (wanted: string) => Matcher;
}

export function positive(read: Operator['read']): Operator {
  return { negated: false, read };
}

export function negative(read: Operator['read']): Operator {
  return { negated: true, read };
}
