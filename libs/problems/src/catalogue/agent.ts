import { entries } from '../catalogue-entry.ts';

/** The companion agent on a gateway, and the signed tokens it obeys. */
export const agent = entries({
  AGENT_TOKEN_REFUSED: {
    kind: 'refused',
    title: 'The agent refused the token.',
    advice:
      'Connect again; if it stays, an administrator can check the clock and the enrolment of the agent.',
  },
  AGENT_UNREACHABLE: {
    kind: 'unavailable',
    title: 'No companion agent answers on the gateway.',
    advice: 'Try again in a moment; an administrator can look at the service sallyport-agent there.',
  },
  AGENT_VERSION_UNSUPPORTED: {
    kind: 'unavailable',
    title: 'The agent speaks no version that this program knows.',
    advice: 'Update this program, or ask an administrator to update the agent.',
  },
});
