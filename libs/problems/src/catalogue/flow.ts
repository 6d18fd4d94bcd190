import { entries } from '../catalogue-entry.ts';

/** Conversations inside a routed network. */
export const flow = entries({
  FLOW_REFUSED: {
    kind: 'unavailable',
    title: 'The destination refused the connection.',
    advice: 'Nothing listens on that port, or a firewall there answers with a reset.',
  },
  FLOW_UNREACHABLE: {
    kind: 'unavailable',
    title: 'The destination cannot be reached from the gateway.',
    advice: 'Check the address; an administrator can check routes and security groups of the gateway.',
  },
  FLOW_TIMED_OUT: {
    kind: 'unavailable',
    title: 'The destination did not answer.',
    advice: 'Check the address and that a security group admits the gateway.',
  },
  FLOW_NOT_GRANTED: {
    kind: 'refused',
    title: 'This destination is not part of the grant.',
    advice: 'See what is granted with `tunnel show NAME`, or ask for the resource you need.',
  },
  FLOW_LIMITED: {
    kind: 'limited',
    title: 'Too many conversations are open at once.',
    advice: 'Close some, or try again in a moment.',
  },
  FLOW_RESET: {
    kind: 'unavailable',
    title: 'The other side broke the connection off.',
    advice: 'Connect again; the service there may have been restarted.',
  },
  REACH_DOWN: {
    kind: 'unavailable',
    title: 'There is no session to the gateway at the moment.',
    advice: 'It is being got back; `tunnel ps` shows what stands in the way.',
  },
  REACH_ENDED: {
    kind: 'ended',
    title: 'The grant behind this way is over.',
    advice: 'Ask again with `tunnel request NAME`.',
  },
});
