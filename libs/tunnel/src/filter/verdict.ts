/** What becomes of a packet. The zero value drops it, so that whatever is forgotten is dropped. */
export const verdict = { drop: 0, tcp: 1, udp: 2, echo: 3, names: 4, raw: 5 } as const;

export type Verdict = (typeof verdict)[keyof typeof verdict];

/** Why a packet was dropped; the order is the order of the counters. The first is what nothing has judged. */
export const dropReasons = [
  'unjudged',
  // No packet that can be judged (see Malformed).
  'not-ip',
  'truncated',
  'bad-length',
  'options',
  'extension-header',
  'fragment',
  'transport-truncated',
  // Judged by the filter.
  'foreign-source',
  'never-routed',
  'address-not-granted',
  'protocol-not-granted',
  'port-not-granted',
  'not-carried',
  // Judged by state.
  'no-flow',
  'flows-full',
  'held-again',
  'held-full',
  'router-behind',
  'answers-limited',
] as const;

export type DropReason = (typeof dropReasons)[number];

/** The number of a reason. */
export const reasonNumber = Object.fromEntries(
  dropReasons.map((reason, index) => [reason, index]),
) as Readonly<Record<DropReason, number>>;
