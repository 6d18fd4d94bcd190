import { entries } from '../catalogue-entry.ts';

export const gateway = entries({
  GATEWAY_OFFLINE: {
    kind: 'unavailable',
    title: 'No gateway to this resource is online.',
    advice: 'Try again in a moment; an administrator can look at the instance.',
  },
  GATEWAY_TAG_CLOSED: {
    kind: 'refused',
    title: 'The gateway is closed by its tag.',
    advice: 'Ask the owner of the gateway whether it is to be open.',
  },
});
