import { entries } from '../catalogue-entry.ts';

/** The process that holds the keys by which agents and helpers know the control plane. */
export const signer = entries({
  SIGNER_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The signer of the control plane does not answer.',
    advice: 'Try again in a moment; an administrator can look at the process of the signer.',
  },
});
