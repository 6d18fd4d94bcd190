import type { Effects } from '@sallyport/effects';
import type { ControlPlane } from './control-plane.ts';
import type { Debug } from './debug.ts';
import type { EndpointRules } from './endpoint.ts';
import type { SsmSessions } from './ssm-sessions.ts';
import type { Transport } from './transport.ts';

export interface TunnelOptions {
  readonly grantId: string;
  /** Local ports to try, best first; 0 means any free one. */
  readonly ports: readonly number[];
  readonly clientVersion: string;
  readonly rules: EndpointRules;
}

export interface TunnelPorts {
  readonly controlPlane: ControlPlane;
  readonly ssm: SsmSessions;
  readonly transport: Transport;
  readonly effects: Effects;
  readonly debug: Debug;
  /** Live hints; returns how to stop listening. Without them the heartbeat alone tells. */
  readonly onHint?: (listener: (hint: { topic: string; id: string }) => void) => () => void;
}

export type TunnelState = 'opening' | 'open' | 'reconnecting' | 'closing' | 'closed';

export interface TunnelEvents {
  state?(state: TunnelState): void;
  /** The connection was lost, the grant stands: getting it back begins. */
  reconnecting?(): void;
  /** The gateway could not reach the resource for a connection. */
  destinationRefused?(): void;
}
