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
  AGENT_TOKEN_EXPIRED: {
    kind: 'refused',
    title: 'The token for the agent ran out and was not renewed in time.',
    advice: 'Wait a moment: a new one is asked for; if it stays, see whether the control plane answers.',
  },
  AGENT_PROTOCOL_VIOLATED: {
    kind: 'unavailable',
    title: 'The other side of the link to the agent does not keep to the protocol.',
    advice: 'Update this program and the agent; if it stays, ask an administrator to look at the gateway.',
  },
  AGENT_LINK_UNKNOWN: {
    kind: 'unavailable',
    title: 'The agent does not know this link (any more).',
    advice: 'Nothing is to be done: a new link is made, and programs connect again.',
  },
});
