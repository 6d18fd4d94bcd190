import type { ProblemCode } from '@sallyport/problems';

/** How a conversation can fail, with its number on the wire. Numbers are never reused. */
export const flowCodes = {
  FLOW_REFUSED: 1,
  FLOW_UNREACHABLE: 2,
  FLOW_TIMED_OUT: 3,
  FLOW_NOT_GRANTED: 4,
  FLOW_LIMITED: 5,
  /** The far side (or the program on the person's machine) broke it off. */
  FLOW_RESET: 6,
  /** The link lost its memory of the conversation. */
  REACH_DOWN: 7,
  REACH_ENDED: 8,
} as const satisfies Partial<Record<ProblemCode, number>>;

export type FlowCode = keyof typeof flowCodes;

/** Why a link ends, with its number on the wire. */
export const endCodes = {
  /** In order: the person is done, or the agent makes room for a newer one. */
  REACH_ENDED: 1,
  /** The token ran out and no other was shown. */
  AGENT_TOKEN_EXPIRED: 2,
  GRANT_ENDED: 3,
  AGENT_PROTOCOL_VIOLATED: 4,
  AGENT_TOKEN_REFUSED: 5,
  /** The agent stops; another attempt may find its successor. */
  AGENT_UNREACHABLE: 6,
} as const satisfies Partial<Record<ProblemCode, number>>;

export type EndCode = keyof typeof endCodes;

const nameOf = <K extends string>(codes: Readonly<Record<K, number>>): ReadonlyMap<number, K> =>
  new Map((Object.entries(codes) as [K, number][]).map(([name, number]) => [number, name]));
const flowNames = nameOf(flowCodes);
const endNames = nameOf(endCodes);

/** The code with this number; one that a newer peer sends means no more than that it failed. */
export function flowCodeOf(number: number): FlowCode {
  return flowNames.get(number) ?? 'FLOW_RESET';
}

/** As {@link flowCodeOf}, for the end of a link. */
export function endCodeOf(number: number): EndCode {
  return endNames.get(number) ?? 'REACH_ENDED';
}
