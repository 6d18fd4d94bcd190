import { entries } from '../catalogue-entry.ts';

export const gateway = entries({
  GATEWAY_HOST_KEY_UNKNOWN: {
    kind: 'refused',
    title: 'The host key of the gateway is not known, so nobody could tell it from another machine.',
    advice: 'An administrator should enrol the key in the tag jit-host-key of the instance.',
  },
  GATEWAY_OFFLINE: {
    kind: 'unavailable',
    title: 'No gateway to this resource is online.',
    advice: 'Try again in a moment; an administrator can look at the instance.',
  },
  GATEWAY_UNKNOWN: {
    kind: 'missing',
    title: 'The catalogue has no such gateway.',
    advice: 'Name a gateway of the catalogue.',
  },
  GATEWAY_TAG_CLOSED: {
    kind: 'refused',
    title: 'The gateway is closed by its tag.',
    advice: 'Ask the owner of the gateway whether it is to be open.',
  },
});
