/** What the person asked for last time, kept in this browser so that asking again takes one key. */

export interface LastAsk {
  durationSeconds: number;
  reason: string;
}

const keyOf = (personId: string, resource: string) => `sallyport.last-ask.${personId}.${resource}`;

/** The last ask for a resource, if this browser knows one. */
export function lastAsk(
  store: Pick<Storage, 'getItem'>,
  personId: string,
  resource: string,
): LastAsk | undefined {
  try {
    const kept = JSON.parse(store.getItem(keyOf(personId, resource)) ?? 'null') as Partial<LastAsk> | null;
    if (typeof kept?.durationSeconds !== 'number' || typeof kept.reason !== 'string') return undefined;
    return { durationSeconds: kept.durationSeconds, reason: kept.reason };
  } catch {
    // A browser that keeps nothing, or kept something else under this name, simply knows no last time.
    return undefined;
  }
}

/** Keeps what was asked. Browsers that keep nothing are fine. */
export function keepAsk(
  store: Pick<Storage, 'setItem'>,
  personId: string,
  resource: string,
  ask: LastAsk,
): void {
  try {
    store.setItem(keyOf(personId, resource), JSON.stringify(ask));
  } catch {
    // Storage may be full or forbidden; then the policy's own defaults serve next time.
  }
}
