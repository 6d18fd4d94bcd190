import { entries } from '../catalogue-entry.ts';

/** The process that holds the keys by which agents and helpers know the control plane. */
export const signer = entries({
  SIGNER_KEYS_UNSAFE: {
    kind: 'local',
    title: 'The signing keys cannot be used as they are.',
    advice: 'Look at the folder of the keys: its files belong to the signer alone (mode 0600).',
  },
  SIGNER_REFUSED: {
    kind: 'conflict',
    title: 'What was granted is not what the catalogue offers now.',
    advice: 'Ask for the resource again; the approver will see what it reaches now.',
  },
  SIGNER_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The signer of the control plane does not answer.',
    advice: 'Try again in a moment; an administrator can look at the process of the signer.',
  },
});
