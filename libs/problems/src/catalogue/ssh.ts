import { entries } from '../catalogue-entry.ts';

/** SSH to a gateway, as the way into a network or to an instance. */
export const ssh = entries({
  SSH_HOST_KEY_CHANGED: {
    kind: 'refused',
    title: 'The gateway shows another host key than the one on record.',
    advice:
      'Do not go on: ask an administrator to compare both fingerprints, and to record the new key if it is meant.',
  },
  SSH_HOST_KEY_UNKNOWN: {
    kind: 'refused',
    title: 'No host key of this gateway is on record.',
    advice: 'Ask an administrator to record the host keys of the gateway in the catalogue.',
  },
  SSH_KEY_REFUSED: {
    kind: 'unavailable',
    title: 'AWS did not hand our key to the gateway.',
    advice: 'Connect again; if it stays, an administrator can read the reason in the trail.',
  },
  SSH_SIGN_IN_REFUSED: {
    kind: 'unavailable',
    title: 'The gateway did not accept the key that was handed to it.',
    advice: 'An administrator can check that EC2 Instance Connect is set up in the sshd of the gateway.',
  },
  SSH_FAILED: {
    kind: 'unavailable',
    title: 'The SSH connection to the gateway did not come about.',
    advice: 'Try again in a moment; an administrator can look at the sshd of the gateway.',
  },
});
