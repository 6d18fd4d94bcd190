import { entries } from '../catalogue-entry.ts';

export const resource = entries({
  RESOURCE_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such resource, or it is not yours to see.',
    advice: 'See `tunnel ls` for what you may ask for.',
  },
  RESOURCE_NOT_CONNECTABLE: {
    kind: 'refused',
    title: 'This resource cannot be connected to yet.',
    advice: 'Ask for another resource, or wait for the release that brings it.',
  },
  RESOURCE_USED_OTHERWISE: {
    kind: 'refused',
    title: 'This kind of resource is used by another command.',
    advice: 'Type the command that the message names.',
  },
});
