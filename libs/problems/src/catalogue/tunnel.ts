import { entries } from '../catalogue-entry.ts';

/** What can go wrong between a grant and a working local port. */
export const tunnel = entries({
  LOCAL_PORT_TAKEN: {
    kind: 'local',
    title: 'The local port is taken by another program.',
    advice: 'Choose another: add --port 0 for any free one, or --port N.',
  },
  LOCAL_PORT_REFUSED: {
    kind: 'local',
    title: 'The local port could not be opened.',
    advice: 'Choose a port above 1023: add --port N.',
  },
  LOCAL_PORT_INVALID: {
    kind: 'invalid',
    title: 'This is not a port number.',
    advice: 'Give a whole number from 0 (any free port) to 65535.',
  },
  LOCAL_CLOCK_WRONG: {
    kind: 'local',
    title: 'The clock of this machine is wrong, so AWS refuses its signatures.',
    advice: 'Set the clock right (NTP), then try again; tunnel doctor shows the difference.',
  },
  STREAM_URL_FOREIGN: {
    kind: 'refused',
    title: 'The stream URL leads somewhere else than to the AWS message gateway; nothing was sent there.',
    advice: 'Tell an administrator: this can be an attack or a wrong endpoint setting.',
  },
  ENDPOINT_FOREIGN: {
    kind: 'refused',
    title: 'This AWS endpoint is not one to trust; nothing was sent there.',
    advice: 'If you know it, set TUNNEL_AWS_ENDPOINT to it (or correct that); else tell an administrator.',
  },
  CONNECTION_SETTING_INVALID: {
    kind: 'invalid',
    title: 'A setting of the environment about the way to AWS cannot be read.',
    advice:
      'Correct the variable named: HTTPS_PROXY is like http://proxy.example:3128, AWS_USE_FIPS_ENDPOINT true or false.',
  },
  PROXY_REFUSED: {
    kind: 'local',
    title: 'The HTTP proxy of your environment refuses to lead on.',
    advice:
      'Put the name and password it asks for into HTTPS_PROXY (http://NAME:PASSWORD@HOST:PORT), or except the host by NO_PROXY.',
  },
  PROXY_UNREACHABLE: {
    kind: 'unavailable',
    title: 'The HTTP proxy of your environment does not answer, or cannot get on.',
    advice: 'Check HTTPS_PROXY and your network; without a proxy, unset HTTPS_PROXY.',
  },
  SSM_SESSION_REFUSED: {
    kind: 'refused',
    title: 'AWS refused the session.',
    advice:
      'The lease may have lapsed or the gateway may have been closed; try once more, then ask an administrator.',
  },
  SSM_SESSION_GONE: {
    kind: 'unavailable',
    title: 'AWS has ended the session.',
    advice: 'Connect again.',
  },
  SSM_THROTTLED: {
    kind: 'limited',
    title: 'AWS asks to slow down.',
    advice: 'Wait a few seconds, then connect again.',
  },
  SSM_UNREACHABLE: {
    kind: 'unavailable',
    title: 'AWS Session Manager does not answer.',
    advice: 'Check your network, or try: tunnel doctor.',
  },
  SSM_TARGET_OFFLINE: {
    kind: 'unavailable',
    title: 'The gateway instance is not connected to Session Manager.',
    advice: 'Ask an administrator to look at the instance, or try again in a minute.',
  },
  CHANNEL_REFUSED: {
    kind: 'unavailable',
    title: 'The message gateway did not open the data channel.',
    advice: 'Try again; if it stays, try: tunnel doctor.',
  },
  CHANNEL_HANDSHAKE_FAILED: {
    kind: 'unavailable',
    title: 'The agent on the gateway did not complete the handshake.',
    advice: 'Try again; if it stays, an administrator should look at the SSM agent of the gateway.',
  },
  CHANNEL_LOST: {
    kind: 'unavailable',
    title: 'The connection to the gateway was lost and could not be made again.',
    advice: 'Check your network and connect again.',
  },
  DESTINATION_REFUSED: {
    kind: 'unavailable',
    title: 'The gateway could not connect to the resource.',
    advice: 'The resource may be down; ask its owner.',
  },
});
