/** From a grant to a working local port: lease, pool of sessions, signed channels, local listener, heartbeat, staying up. */
export { Tunnel } from './tunnel.ts';
export type {
  ListenWish,
  LossReason,
  ProgressStep,
  TunnelEvents,
  TunnelOptions,
  TunnelPorts,
  TunnelState,
  WakeEvent,
} from './tunnel-options.ts';
export type { MemberState, SessionSnapshot, TunnelHealth, TunnelSnapshot } from './snapshot.ts';
export type { Recovery } from './member-host.ts';
export {
  controlPlaneOf,
  type CloseOrder,
  type CloseReason,
  type ControlPlane,
  type Lease,
  type LeaseWish,
  type Traffic,
} from './control-plane.ts';
export {
  checkStreamUrl,
  endpointFor,
  gatewayHosts,
  isLoopback,
  type Endpoint,
  type EndpointRules,
} from './endpoint.ts';
export { connectionSettings, type ConnectionSettings } from './connection-settings.ts';
export { agentThrough, noProxies, proxiesOf, proxiesOfEnvironment, type Proxies } from './proxy.ts';
export { signUpgrade } from './sign-upgrade.ts';
export { awsSsmSessions, ssmSessionsThrough, type SsmSessions, type StartedSession } from './ssm-sessions.ts';
export { duplexPair } from './duplex-pair.ts';
export { PinnedReach, type PinnedReachOptions, type PinnedTunnel } from './pinned-reach.ts';
export { preferredPorts, stablePorts } from './stable-port.ts';
export { listenLocally, type LocalListener } from './local-listener.ts';
export { webSocketsThrough, webSocketTransport } from './web-socket-transport.ts';
export type { Connection, ConnectionSink, Transport } from './transport.ts';
export { SshReach, type SshReachOptions } from './ssh/ssh-reach.ts';
export { instanceConnectApi, pushThrough, type PushKey } from './ssh/instance-connect.ts';
export { isSshLease, type SshLease } from './ssh/ssh-lease.ts';
export { HostKeyGate, type HostKeyJudge } from './ssh/host-key-gate.ts';
export { fingerprint, HostKeys } from './ssh/host-keys.ts';
export { PushedKey, type PushedKeyParts } from './ssh/pushed-key.ts';
export { converseAsAgent, type AgentKey, type Asker, type OfferedKeys } from './ssh/agent-conversation.ts';
export { keysOfSibling } from './ssh/agent-siblings.ts';
export { memoryKey, type MemoryKey } from './ssh/memory-key.ts';
export { RemoteShell } from './shell/remote-shell.ts';
export { readShellEnd } from './shell/shell-end.ts';
export type {
  SessionRecorder,
  ShellEnd,
  ShellEvents,
  ShellOptions,
  ShellPorts,
  ShellPurpose,
} from './shell/shell-options.ts';
export {
  awsSessionKeys,
  kmsEndpoint,
  sessionKeysThrough,
  type SessionKey,
  type SessionKeys,
} from './shell/session-keys.ts';
export { systemWake } from './wake.ts';
export type { Debug } from './debug.ts';
export type { TunnelEnd } from './tunnel-end.ts';
export { HeldChannel } from './begun/held-channel.ts';
export type { FirstWord } from './begun/first-word.ts';
export { BegunSession, type BegunSessionParts, type OwnCredentials } from './begun/begun-session.ts';
