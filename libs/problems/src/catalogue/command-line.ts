import { entries } from '../catalogue-entry.ts';

/** What can go wrong in `tunnel` itself, before or beside the control plane. */
export const commandLine = entries({
  COMMAND_UNKNOWN: {
    kind: 'invalid',
    title: 'There is no such command.',
    advice: 'See what there is: tunnel --help.',
  },
  COMMAND_USAGE: {
    kind: 'invalid',
    title: 'The command was not written the way it is taken.',
    advice: 'See three examples: add --help to the command.',
  },
  COMMAND_NOT_FOUND: {
    kind: 'local',
    title: 'The program to run through the tunnel could not be started.',
    advice: 'Check that it is installed and on your PATH.',
  },
  SERVER_ADDRESS_INVALID: {
    kind: 'invalid',
    title: 'TUNNEL_SERVER is not an address of a control plane.',
    advice: 'Set it like https://sallyport.example.com, or unset it for http://localhost:3000.',
  },
  SERVER_INSECURE: {
    kind: 'local',
    title: 'The control plane is addressed without encryption and is not on this machine.',
    advice: 'Use an https:// address in TUNNEL_SERVER.',
  },
  TOKEN_MISSING: {
    kind: 'unauthenticated',
    title: 'You are not signed in.',
    advice: 'Sign in first: tunnel login.',
  },
  TOKEN_MALFORMED: {
    kind: 'invalid',
    title: 'This is not an access token.',
    advice: 'Hand in one token on one line: tunnel login --token-stdin < token-file.',
  },
  TOKEN_FILE_UNSAFE: {
    kind: 'local',
    title: 'The file that holds your access token could be read or changed by others.',
    advice: 'Delete it and sign in again: tunnel login.',
  },
  FILE_UNUSABLE: {
    kind: 'local',
    title: 'A file of this program could not be read or written.',
    advice: 'Check the folder named, XDG_CONFIG_HOME and XDG_STATE_HOME.',
  },
  TERMINAL_REQUIRED: {
    kind: 'invalid',
    title: 'This needs an answer, and there is no terminal to ask at.',
    advice: 'Give the answer as a flag; see --help.',
  },
  REQUEST_WAITING: {
    kind: 'pending',
    title: 'The request still waits for a reviewer.',
    advice: 'Wait for it: run the same command without --no-wait.',
  },
  REQUEST_DENIED: {
    kind: 'refused',
    title: 'The request was denied.',
    advice: 'Read the reviewer’s comment, then ask again if the need stands.',
  },
  REQUEST_LAPSED: {
    kind: 'refused',
    title: 'Nobody answered the request in time.',
    advice: 'Ask again, or speak to one of the reviewers.',
  },
  REQUEST_WITHDRAWN: {
    kind: 'refused',
    title: 'The request was cancelled.',
    advice: 'Ask again if the need stands.',
  },
  GRANT_NOT_HELD: {
    kind: 'missing',
    title: 'You hold no active grant of this.',
    advice: 'See what you have: tunnel status.',
  },
  TUNNEL_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such tunnel on this machine.',
    advice: 'See what runs: tunnel ps.',
  },
  TUNNEL_ALREADY_OPEN: {
    kind: 'conflict',
    title: 'A tunnel to this resource is open on this machine already.',
    advice: 'Use it as it is (tunnel ps), or stop it first: tunnel stop NAME.',
  },
});
