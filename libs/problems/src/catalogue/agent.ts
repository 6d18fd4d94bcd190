import { entries } from '../catalogue-entry.ts';

/** The companion agent on a gateway, and the signed tokens it obeys. */
export const agent = entries({
  AGENT_CALL_REFUSED: {
    kind: 'refused',
    title: 'The signature of this call is not one of the agent.',
    advice: 'Look at the clock of the agent, and enrol it anew when it was replaced.',
  },
  AGENT_JOIN_REFUSED: {
    kind: 'refused',
    title: 'The join token does not let this agent enrol.',
    advice: 'Ask an administrator for a new join token for this instance; each lets one agent enrol, once.',
  },
  AGENT_NOT_ENROLLED: {
    kind: 'refused',
    title: 'No companion agent is enrolled on a gateway to this resource.',
    advice: 'An administrator can install and enrol the agent there.',
  },
  AGENT_NOT_NEEDED: {
    kind: 'refused',
    title: 'This resource is not reached through a companion agent.',
    advice: 'Connect to it without one; Sallyport does so by itself.',
  },
  AGENT_REPORTS_LIMITED: {
    kind: 'limited',
    title: 'The agent reports too often.',
    advice: 'Send fuller pages, less often.',
  },
  AGENT_TOKEN_LIMITED: {
    kind: 'limited',
    title: 'Too many tokens for one connection.',
    advice: 'Wait the time told; connections that are open stay open.',
  },
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
  AGENT_CONFIGURATION_INVALID: {
    kind: 'local',
    title: 'The configuration or the state of the agent cannot be used.',
    advice: 'Mend what is named; `sallyport-agent check` looks at the whole.',
  },
  AGENT_PACKETS_UNAVAILABLE: {
    kind: 'local',
    title: 'The agent has no device for whole packets.',
    advice:
      'Make the device with the installer (SALLYPORT_L3=yes), and run the plain bundle with koffi beside it; everything else is served without.',
  },
  AGENT_PORT_TAKEN: {
    kind: 'local',
    title: 'The agent cannot listen on its loopback port.',
    advice: 'See who listens there with `ss -ltnp`; the Session document names the port.',
  },
  AGENT_UPDATE_REFUSED: {
    kind: 'refused',
    title: 'The update of the agent is not installed.',
    advice: 'Read the reason; the version that runs stays in place.',
  },
});
