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
  SSH_HOST_INVALID: {
    kind: 'invalid',
    title: 'This is no name of an SSH host.',
    advice: 'Give a name of the catalogue, an instance id or a Name tag: letters, digits, ".", "_" and "-".',
  },
  SSH_HOST_AMBIGUOUS: {
    kind: 'conflict',
    title: 'More than one SSH host answers to that name.',
    advice: 'Use the name of the resource: tunnel ls.',
  },
  SSH_HOST_OTHER: {
    kind: 'conflict',
    title: 'The session would lead to another instance than the one that was named.',
    advice: 'Use the name of the resource, which leads to whichever instance is there.',
  },
  SSH_USER_OTHER: {
    kind: 'refused',
    title: 'This host is granted for another user.',
    advice: 'Leave the user away, or ask an administrator for a resource with that user.',
  },
  SSH_PORT_OTHER: {
    kind: 'refused',
    title: 'This host is granted on another port.',
    advice: 'Leave the port away.',
  },
  SSH_NOT_GRANTED: {
    kind: 'pending',
    title: 'This host is not granted to you yet.',
    advice: 'Ask for it: tunnel request NAME --for 1h --reason TEXT, or connect by tunnel ssh NAME.',
  },
  SSH_PROGRAM_MISSING: {
    kind: 'local',
    title: 'The SSH client of this machine was not found.',
    advice:
      'Install OpenSSH (Debian: openssh-client; rsync brings its own package) and see that it is on PATH.',
  },
});
