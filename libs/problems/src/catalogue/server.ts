import { entries } from '../catalogue-entry.ts';

/** The control plane as a whole, as it and its clients speak of it. */
export const server = entries({
  SERVER_NOT_READY: {
    kind: 'unavailable',
    title: 'The control plane is not ready to serve.',
    advice: 'Try again in a moment; an administrator should look at what is named.',
  },
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
