import { Problem } from '@sallyport/problems';

/** What a peer that breaks the protocol is told, and what ends its link: one code, with the rule that was broken. */
export function violation(rule: string): Problem {
  return new Problem('AGENT_PROTOCOL_VIOLATED', {
    detail: `The other side broke a rule of the link: ${rule}.`,
  });
}
