import { entries } from '../catalogue-entry.ts';

export const aws = entries({
  AWS_DENIED: {
    kind: 'unavailable',
    title: 'AWS refused a call of the control plane.',
    advice: 'An administrator should compare the roles with infra.',
  },
  AWS_THROTTLED: {
    kind: 'unavailable',
    title: 'AWS asks the control plane to slow down.',
    advice: 'Try again in a moment.',
  },
  AWS_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'AWS does not answer.',
    advice: 'Try again in a moment.',
  },
  AWS_ANSWER_LOST: {
    kind: 'unavailable',
    title: 'AWS was asked, but its answer was lost.',
    advice: 'Try again; what may have happened is looked into and audited.',
  },
});
