/** Keys as people type them: single ones (`j`, `?`) and sequences with a leader (`g i`). Pure. */

/** A leader waits this long for its second key. */
export const sequenceMs = 1_200;

export interface PendingKey {
  key: string;
  at: number;
}

export interface KeyStep {
  /** The binding that was typed, if one was. */
  typed?: string;
  pending?: PendingKey;
}

/** What one more key means, given the bindings that exist and a leader that may be pending. */
export function nextKey(
  bindings: ReadonlySet<string>,
  pending: PendingKey | undefined,
  key: string,
  at: number,
): KeyStep {
  if (pending && at - pending.at <= sequenceMs) {
    const sequence = `${pending.key} ${key}`;
    if (bindings.has(sequence)) return { typed: sequence };
  }
  if ([...bindings].some((binding) => binding.startsWith(`${key} `))) return { pending: { key, at } };
  return bindings.has(key) ? { typed: key } : {};
}
