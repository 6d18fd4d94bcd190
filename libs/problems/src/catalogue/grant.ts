import { entries } from '../catalogue-entry.ts';

export const grant = entries({
  GRANT_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such grant, or it is not yours to see.',
    advice: 'See `tunnel ps` for what you have.',
  },
  GRANT_NOT_ACTIVE: {
    kind: 'conflict',
    title: 'The grant is not active.',
    advice: 'Read it again; ask anew when it has ended.',
  },
  GRANT_ENDED: {
    kind: 'ended',
    title: 'The grant has ended.',
    advice: 'Ask again if you still need the resource.',
  },
  GRANT_NOT_DUE: {
    kind: 'conflict',
    title: 'The time for this change of the grant has not come.',
    advice: 'Read the grant again.',
  },
  REVOKE_NOT_ALLOWED: {
    kind: 'refused',
    title: 'You may not revoke this grant.',
    advice: 'Ask an administrator or a reviewer of the resource.',
  },
});
