import type { Socket } from 'node:net';
import type { Effects } from '@sallyport/effects';
import type { ControlPlane } from './control-plane.ts';
import type { Debug } from './debug.ts';
import type { EndpointRules } from './endpoint.ts';
import type { SsmSessions } from './ssm-sessions.ts';
import type { Transport } from './transport.ts';

/**
 * Where local programs connect: the first free one of `ports` on `host` (0: any; default host 127.0.0.1), a socket file (mode 0600), or
 * nowhere, when connections come by {@link Tunnel.carry} alone.
 */
export type ListenWish =
  | { readonly on: 'ports'; readonly host?: string; readonly ports: readonly number[] }
  | { readonly on: 'socket'; readonly path: string }
  | { readonly on: 'nothing' };

export interface TunnelOptions {
  readonly grantId: string;
  readonly listen: ListenWish;
  readonly clientVersion: string;
  readonly rules: EndpointRules;
  /** Most Session Manager sessions at once; default 8, 1 means no pool. */
  readonly pool?: { readonly sessionsMax: number };
  /** Judges the program behind an accepted connection before a byte of it is carried; false resets it. */
  readonly admit?: (socket: Socket) => boolean | Promise<boolean>;
  /** What becomes of connections opened while no session is there: they wait for one (default, 30 s at most), or are reset at once. */
  readonly whileDown?: 'wait' | 'refuse';
}

/** How a connection is to be carried, and who wants to know where. */
export interface CarryWish {
  /** Over a session that carries nothing else. */
  readonly alone?: boolean;
  /** Told the instance where the session ends that took the connection. */
  readonly placed?: (instanceId: string) => void;
}

/** Something the machine noticed that makes silent connections suspect. */
export type WakeEvent =
  { readonly what: 'woke'; readonly byMs: number } | { readonly what: 'networkChanged' };

export interface TunnelPorts {
  readonly controlPlane: ControlPlane;
  readonly ssm: SsmSessions;
  readonly transport: Transport;
  readonly effects: Effects;
  readonly debug: Debug;
  /** Live hints; returns how to stop listening. Without them the heartbeat alone tells. */
  readonly onHint?: (listener: (hint: { topic: string; id: string }) => void) => () => void;
  /** Sleep and network changes; returns how to stop listening. Without them silence alone tells. */
  readonly onWake?: (listener: (event: WakeEvent) => void) => () => void;
}

export type TunnelState = 'opening' | 'open' | 'reconnecting' | 'closing' | 'closed';

/** The steps of opening, in order, each told when it is done. */
export type ProgressStep = 'port' | 'lease' | 'session' | 'channel' | 'ready';

/**
 * Why a session lost its connection: closed by the service (hourly), broken, silent for too long, silent after sleep or a network change, an agent
 * that acknowledges nothing, or ended by AWS or the agent.
 */
export type LossReason =
  'service_close' | 'broken' | 'peer_dead' | 'woke' | 'network_changed' | 'agent_dead' | 'session_ended';

export interface TunnelEvents {
  state?(state: TunnelState): void;
  /** A step of opening is done. */
  progress?(step: ProgressStep): void;
  /** The grant ends in this many seconds (600, 300, 60); told again for a new end. */
  warning?(secondsLeft: number): void;
  /** No session is left, the grant stands: getting one back begins. */
  reconnecting?(reason: LossReason): void;
  /** What stands in the way of getting a session back: the code of the latest failure, told when it changes. */
  obstacle?(code: string): void;
  /** Connections are carried again; `resumed` when the open ones lived on. */
  recovered?(afterMs: number, how: 'resumed' | 'fresh'): void;
  /** Another instance carries the connections now. */
  gatewayChanged?(from: string, to: string): void;
  /** Open local connections were reset, because their session could not be had back. */
  connectionsLost?(count: number): void;
  /** The gateway could not reach the resource for a connection. */
  destinationRefused?(): void;
}
