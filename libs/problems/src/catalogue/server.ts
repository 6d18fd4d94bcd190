import { entries } from '../catalogue-entry.ts';

/** What a client says about the control plane when that cannot speak for itself. */
export const server = entries({
  SERVER_UNREACHABLE: {
    kind: 'unavailable',
    title: 'The control plane does not answer.',
    advice: 'Check that it runs and that the address is right.',
  },
  SERVER_ANSWER_UNREADABLE: {
    kind: 'unavailable',
    title: 'What answered is not the control plane.',
    advice: 'Check the address, and any proxy on the way.',
  },
});
