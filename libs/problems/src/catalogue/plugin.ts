import { entries } from '../catalogue-entry.ts';

/** The stand-in for session-manager-plugin, which the AWS CLI starts. */
export const plugin = entries({
  PLUGIN_ARGUMENTS_INVALID: {
    kind: 'invalid',
    title: 'The arguments are not those that the AWS CLI gives to session-manager-plugin.',
    advice: 'It is not started by hand: use aws ssm start-session.',
  },
  PLUGIN_CREDENTIALS_MISSING: {
    kind: 'refused',
    title: 'No AWS credentials could be had, and without them the session can be neither resumed nor ended.',
    advice: 'Look at the profile that the AWS CLI was started with: aws sts get-caller-identity.',
  },
  PLUGIN_SESSION_LOST: {
    kind: 'ended',
    title: 'The session is over, and only the AWS CLI can start another one.',
    advice: 'Start it again: aws ssm start-session.',
  },
  PLUGIN_OTHER_PRESENT: {
    kind: 'conflict',
    title: 'Another session-manager-plugin is installed.',
    advice: 'Name a folder with --dir, or put ours beside it with --force; the other one is left as it is.',
  },
  PLUGIN_FILE_FOREIGN: {
    kind: 'conflict',
    title: 'There is a session-manager-plugin at that place which is not ours; it was left as it is.',
    advice: 'Choose another folder with --dir.',
  },
});
