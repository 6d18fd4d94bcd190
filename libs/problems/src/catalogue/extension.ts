import { entries } from '../catalogue-entry.ts';

export const extension = entries({
  EXTENSION_NOT_ALLOWED: {
    kind: 'refused',
    title: 'No policy lets you extend this grant.',
    advice: 'Ask for the resource anew when the grant has ended.',
  },
  EXTENSION_BUDGET_EXCEEDED: {
    kind: 'refused',
    title: 'The policy does not let the grant last that long.',
    advice: 'Extend it by less, or ask for the resource anew when the grant has ended.',
  },
  EXTENSION_END_MOVED: {
    kind: 'conflict',
    title: 'The grant no longer ends when you saw it end.',
    advice: 'Read the grant again; perhaps it was extended already.',
  },
});
