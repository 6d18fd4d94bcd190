import { entries } from '../catalogue-entry.ts';

export const session = entries({
  SESSION_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such session, or it is not yours.',
    advice: 'List the sessions to see which there are.',
  },
  SESSION_CLOSED: {
    kind: 'conflict',
    title: 'The session is closed; a closed session never changes.',
    advice: 'Open a new one.',
  },
  SESSION_LIMITED: {
    kind: 'limited',
    title: 'Too many sessions of one grant are open.',
    advice: 'Close one, or wait until those whose client is gone are given up.',
  },
  SESSION_TERMINATED: {
    kind: 'ended',
    title: 'The session was cut by an administrator.',
    advice: 'Ask who cut it and why before you open another.',
  },
});
