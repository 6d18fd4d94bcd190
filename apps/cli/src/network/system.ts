import type { EndpointRules, Lease, Tunnel } from '@sallyport/connect';
import type { Effects } from '@sallyport/effects';
import type { Problem } from '@sallyport/problems';
import type { FilterRouter, FilterRouterSettings, Reach, Router, RouterSettings } from '@sallyport/tunnel';
import type { HelperConnection } from '@sallyport/tunnel/helper-messages';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';
import type { NameSystem } from './excluded.ts';

/** A way into the private network, and how to leave it. */
export interface OpenReach {
  readonly reach: Reach;
  readonly close: () => Promise<void>;
  /** No session is there: nobody is to wait for one. Left out where everybody may. */
  readonly down?: () => void;
  /** Why it is over for good although the grant is not; stays pending otherwise. */
  readonly lost?: Promise<Problem>;
}

export interface ReachWish {
  readonly tunnel: Tunnel;
  readonly lease: Lease;
  readonly server: Server;
  readonly grantId: string;
  readonly whileDown: 'wait' | 'refuse';
  readonly effects: Effects;
  readonly debug: Debug;
  /** Where AWS may be, for what is asked of it beside Session Manager. */
  readonly rules: EndpointRules;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** The parts of a network on this machine. The real ones are loaded when a network is opened; tests hand in their own. */
export interface NetworkSystem extends NameSystem {
  /** Refuses with HELPER_NOT_INSTALLED, or HELPER_REFUSED when what listens is not root's. */
  readonly helper: (path: string | undefined) => Promise<HelperConnection>;
  reach(wish: ReachWish): Promise<OpenReach>;
  /** Packets of a device; the router closes its descriptor, also when it does not come about. */
  device(settings: RouterSettings): Promise<Router>;
  /** Closes the descriptor of a device that no router was given. */
  closeDevice(fd: number): void;
  /** Connections that the packet filter will lead to listeners. */
  filter(settings: FilterRouterSettings): Promise<FilterRouter>;
}
