import { entries } from '../catalogue-entry.ts';

export const duration = entries({
  DURATION_INVALID: {
    kind: 'invalid',
    title: 'This is not a duration that can be asked for.',
    advice: 'Write it like 30m, 1h or 1h30m.',
  },
});
