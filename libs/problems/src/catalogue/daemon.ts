import { entries } from '../catalogue-entry.ts';

/** What can go wrong between processes of `tunnel` on one machine. */
export const daemon = entries({
  DAEMON_NOT_STARTED: {
    kind: 'local',
    title: 'The background process did not start.',
    advice: 'Read why in its log (daemon.log in the state folder), or connect without --background.',
  },
  DAEMON_VERSION_OTHER: {
    kind: 'conflict',
    title: 'The background process is of another version of tunnel.',
    advice: 'End it with its tunnels and begin anew: tunnel stop --daemon.',
  },
  DAEMON_STOPPING: {
    kind: 'unavailable',
    title: 'The background process is about to end.',
    advice: 'Try again in a few seconds.',
  },
  DAEMON_WISH_INVALID: {
    kind: 'invalid',
    title: 'The background process was asked for something it does not know.',
    advice: 'End it with its tunnels and begin anew: tunnel stop --daemon.',
  },
  TUNNEL_UNANSWERED: {
    kind: 'local',
    title: 'The process that holds the tunnel does not answer.',
    advice: 'End that process (kill PID); the next command finishes what it leaves.',
  },
  PEER_REFUSED: {
    kind: 'refused',
    title: 'Another user of this machine asked; only the owner of a tunnel may use it.',
    advice: 'Open a tunnel of your own: tunnel connect NAME.',
  },
  TUNNELS_FILE_MISSING: {
    kind: 'missing',
    title: 'There is no file of tunnels.',
    advice: 'Name it with -f FILE; it holds lines like: tunnels: [{name: prod-rds}].',
  },
  TUNNELS_FILE_INVALID: {
    kind: 'invalid',
    title: 'The file of tunnels is not valid.',
    advice: 'Put right what is named; tunnel up --help shows the form.',
  },
});
