import type { EndpointRules } from './endpoint.ts';
import type { LeaseSource } from './lease-source.ts';
import type { PoolMember } from './pool-member.ts';
import type { SessionDesk } from './session-desk.ts';
import type { TunnelEnd } from './tunnel-end.ts';
import type { LossReason, TunnelPorts } from './tunnel-options.ts';

/** How a member came back: with its session and all connections, or with a new session. */
export type Recovery = 'resumed' | 'fresh';

/** What a member asks of the pool it belongs to. */
export interface MemberHost {
  readonly ports: TunnelPorts;
  readonly rules: EndpointRules;
  readonly leases: LeaseSource;
  readonly desk: SessionDesk;
  /** The session is started; what is left is the channel. */
  started(): void;
  /** The state changed, or a connection ended: more may be carried. */
  changed(): void;
  lost(member: PoolMember, reason: LossReason): void;
  recovered(member: PoolMember, how: Recovery): void;
  connectionsLost(count: number): void;
  destinationRefused(): void;
  /** Asks the control plane whether the grant stands; false when the tunnel ends. A silent control plane is no reason to stop. */
  grantStands(): Promise<boolean>;
  /** A lease was given after the loss: the grant stands. */
  leaseGiven(): void;
  /** An attempt failed; tried again later. */
  obstacle(code: string): void;
  /** Whether this member is worth getting back; without connections and beside others it is not. */
  wanted(member: PoolMember): boolean;
  retired(member: PoolMember): void;
  /** The tunnel cannot go on. */
  end(end: TunnelEnd): void;
  using(instanceId: string): void;
}
