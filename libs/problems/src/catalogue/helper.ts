import { entries } from '../catalogue-entry.ts';

/** The privileged helper that opens devices and sets routes, filters and names. */
export const helper = entries({
  HELPER_NOT_INSTALLED: {
    kind: 'local',
    title: 'The privileged helper is not installed.',
    advice: 'Install it once with `sudo tunnel helper install`, or use --via port, which needs no privilege.',
  },
  HELPER_NEEDS_ROOT: {
    kind: 'local',
    title: 'Only root may install or remove the privileged helper.',
    advice: 'Put sudo in front of the command.',
  },
  HELPER_KEYS_NOT_CONFIRMED: {
    kind: 'local',
    title: 'The keys that the helper is to believe were not confirmed.',
    advice: 'Compare the fingerprint with what an administrator tells you, and pass it with --trust.',
  },
  HELPER_REFUSED: {
    kind: 'local',
    title: 'The privileged helper refused the request.',
    advice: 'Read the reason; `tunnel doctor` shows what the helper sees.',
  },
  HELPER_PROTOCOL: {
    kind: 'local',
    title: 'This program and the privileged helper do not understand each other.',
    advice: 'Install the helper again with `sudo tunnel helper install`, so that both have one version.',
  },
  HELPER_LOST: {
    kind: 'local',
    title: 'The privileged helper is gone.',
    advice: 'Connect again; if it stays, look at the service sallyport-helper of this machine.',
  },
  HELPER_STOPPED: {
    kind: 'local',
    title: 'The privileged helper was stopped.',
    advice: 'Its service starts again by itself; connect again then.',
  },
  HELPER_GRANT_INVALID: {
    kind: 'local',
    title: 'The privileged helper does not accept the signed route grant.',
    advice:
      'Connect again. If it stays, the control plane has a new key or another address: `sudo tunnel helper install` shows and records it.',
  },
  HELPER_KEYS_OLD: {
    kind: 'local',
    title: 'The privileged helper does not know the key that signed the route grant.',
    advice:
      'Compare the fingerprint of the new key with an administrator, then run `sudo tunnel helper install` again.',
  },
  HELPER_LISTENER_FOREIGN: {
    kind: 'refused',
    title: 'The packet filter may only lead to listeners of the user who asks.',
    advice:
      'Connect again: the client opens new listeners. If it stays, another program of this machine has taken the port.',
  },
  HELPER_NOT_IN_GRANT: {
    kind: 'refused',
    title: 'The privileged helper was asked for something outside the signed route grant.',
    advice: 'See what is granted with `tunnel show NAME`.',
  },
  HELPER_ROUTE_TOO_WIDE: {
    kind: 'refused',
    title: 'The network is wider than this machine accepts from anybody.',
    advice: 'Widest are /8 (IPv4) and /16 (IPv6); ask an administrator to name the networks one by one.',
  },
  HELPER_ROUTE_RESERVED: {
    kind: 'refused',
    title: 'Loopback, link-local and multicast addresses are never routed.',
    advice: 'Ask an administrator to correct the resource.',
  },
  HELPER_NAME_RESERVED: {
    kind: 'refused',
    title: 'Names of AWS and of public suffixes are never answered by a tunnel.',
    advice: 'Ask an administrator to list private suffixes only.',
  },
  HELPER_GRANT_IN_USE: {
    kind: 'conflict',
    title: 'Another user of this machine already uses this grant.',
    advice: 'A grant is for one person: end it there, or ask for your own.',
  },
  HELPER_LIMITED: {
    kind: 'limited',
    title: 'The privileged helper holds as much as it may.',
    advice: 'End a tunnel with `tunnel stop NAME` and connect again.',
  },
  HELPER_PROGRAM_MISSING: {
    kind: 'local',
    title: 'A system program that routing needs is not installed.',
    advice: 'Install the named program (Debian and Fedora: packages iproute2 and nftables).',
  },
  HELPER_SYSTEM_REFUSED: {
    kind: 'local',
    title: 'The system refused what the privileged helper asked of it.',
    advice: 'Read the reason; nothing was left behind.',
  },
  HELPER_PATH_UNSAFE: {
    kind: 'local',
    title: 'A path of the privileged helper may be written by someone other than root.',
    advice: 'Correct owner and mode of the named folder, or install elsewhere with --prefix.',
  },
});
