/** Says that a policy or a request holds something this evaluator does not know; the decision is then always deny. */
export class Unsupported extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Unsupported';
  }
}

/**
 * Whether one value fits. `unresolved`: the policy names a variable the request does not have, so it fits nothing.
 * `unknown`: the value cannot be judged (a date that is none, several values where one was meant).
 */
export type Fit = 'yes' | 'no' | 'unresolved' | 'unknown';

/** Whether a condition or a statement holds. An Allow needs `yes`; a Deny is averted only by `no`. */
export type Holds = 'yes' | 'no' | 'unknown';

/** At least one. */
export function anyHolds(parts: readonly Holds[]): Holds {
  if (parts.includes('yes')) return 'yes';
  return parts.includes('unknown') ? 'unknown' : 'no';
}

/** Each one; true of none at all. */
export function allHold(parts: readonly Holds[]): Holds {
  if (parts.includes('no')) return 'no';
  return parts.includes('unknown') ? 'unknown' : 'yes';
}

/**
 * One value against the values of a policy: it must fit one of them, or, negated, none of them. A variable without a
 * value fits nothing; where not fitting would widen access, that is unknown instead.
 */
export function fitsOneOf(fits: readonly Fit[], negated: boolean): Holds {
  const either = anyHolds(fits.map((fit) => (fit === 'unresolved' ? (negated ? 'unknown' : 'no') : fit)));
  if (!negated || either === 'unknown') return either;
  return either === 'yes' ? 'no' : 'yes';
}
