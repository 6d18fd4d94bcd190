import { entries } from '../catalogue-entry.ts';

export const aws = entries({
  AWS_CLOCK_DIFFERS: {
    kind: 'unavailable',
    title: "The control plane's clock differs from AWS's.",
    advice: 'An administrator should synchronise the clock of the control plane (NTP).',
  },
  AWS_DENIED: {
    kind: 'unavailable',
    title: 'AWS refused a call of the control plane.',
    advice: 'An administrator should compare the roles with infra.',
  },
  AWS_CREDENTIALS_MISSING: {
    kind: 'unavailable',
    title: 'The control plane has no AWS credentials for this.',
    advice: 'An administrator should look at the AWS profiles of the control plane.',
  },
  AWS_TARGET_UNKNOWN: {
    kind: 'bug',
    title: 'A principal was asked to act on what the catalogue does not hold.',
    advice: 'Report the id shown.',
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
