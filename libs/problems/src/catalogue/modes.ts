import { entries } from '../catalogue-entry.ts';

/** What can go wrong with the ways in which a tunnel is offered to programs of this machine. */
export const modes = entries({
  BIND_NOT_CONFIRMED: {
    kind: 'invalid',
    title: 'The tunnel would listen where other machines reach it, and nobody confirmed that.',
    advice:
      'Leave --bind away, or add --yes if everybody who reaches that address may reach the resource as you.',
  },
  LOCAL_ADDRESS_INVALID: {
    kind: 'invalid',
    title: 'This is not an address to listen on.',
    advice: 'Give an IP address of this machine, such as 127.0.0.1 or ::1.',
  },
  LOCAL_SOCKET_TAKEN: {
    kind: 'local',
    title: 'Something that is not a socket of ours is in the place where the socket should be.',
    advice: 'Choose another path: add --socket PATH.',
  },
  NETWORK_NAME_UNRESOLVED: {
    kind: 'unavailable',
    title: 'A host name could not be resolved.',
    advice:
      'Check the network and the name server (VPN?), and the spelling in TUNNEL_SERVER or TUNNEL_AWS_ENDPOINT.',
  },
  NETWORK_CONNECTION_REFUSED: {
    kind: 'unavailable',
    title: 'A host does not take the connection.',
    advice: 'A firewall may be in between, or nothing runs there: let TCP to that host and port pass.',
  },
  NETWORK_TLS_REFUSED: {
    kind: 'unavailable',
    title: 'The encrypted connection was not made: the certificate did not fit or somebody is in between.',
    advice: 'Where your company inspects TLS, name its authority in NODE_EXTRA_CA_CERTS.',
  },
  NETWORK_HTTPS_BLOCKED: {
    kind: 'unavailable',
    title: 'Something answers in place of the server.',
    advice: 'A proxy, captive portal or filter is in between: let HTTPS to that host pass.',
  },
  NETWORK_WEBSOCKET_BLOCKED: {
    kind: 'unavailable',
    title: 'HTTPS works and WebSockets do not.',
    advice: 'A proxy or filter strips the Upgrade header: let WebSocket upgrades to that host pass.',
  },
  GATEWAY_AGENT_OLD: {
    kind: 'unavailable',
    title: 'The SSM agent of the gateway is too old for what is asked of it.',
    advice: 'Ask an administrator to update the SSM agent there.',
  },
  GATEWAY_RIGHTS_MISSING: {
    kind: 'refused',
    title: 'AWS does not let the lease open a session, although the grant stands.',
    advice:
      'Ask an administrator to compare role, boundary and session policy: tunnel audit search --type lease.issued.',
  },
});
