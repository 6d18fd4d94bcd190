/** One line of the rendered session policy; `pinned` when it ties the policy to this very request. */
export interface PolicyLine {
  text: string;
  pinned: boolean;
}

/**
 * The session policy as lines of JSON. Lines that name one of the `pins` (gateway instance, Session document, lease
 * end) are marked: they are what this request changes in a policy that is otherwise the same for everybody.
 */
export function policyLines(policy: unknown, pins: readonly (string | null)[]): PolicyLine[] {
  const known = pins.filter((pin): pin is string => pin !== null && pin !== '');
  return JSON.stringify(policy, null, 2)
    .split('\n')
    .map((text) => ({ text, pinned: known.some((pin) => text.includes(pin)) || text.includes('lease end') }));
}
