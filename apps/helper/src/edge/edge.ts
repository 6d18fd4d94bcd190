import type { EdgePlan, ExistingRoute, Listener } from '@sallyport/tunnel/edge/privileged';
import type { HelperStatus } from '@sallyport/tunnel/helper-messages';

export type Section = HelperStatus['sets'][number]['sections'][number];

/** How names are answered where the plan stands. */
export interface DnsState {
  readonly how: 'resolved' | 'resolver-files' | 'hosts' | 'none';
  readonly details: readonly string[];
}

/** One set as it stands in the system. */
export interface StandingSet {
  readonly plan: EdgePlan;
  readonly dns: DnsState;
  /** The device's descriptor until it was released; null by filter. */
  descriptor(): number | null;
  /** After the descriptor was sent: from then on the client's copy alone keeps the device. */
  releaseDescriptor(): void;
  /** Makes `plan` stand instead; what is the same in both stays untouched. After a failure only {@link drop} is left. */
  change(plan: EdgePlan): Promise<void>;
  /** Takes everything away; never throws. */
  drop(): Promise<void>;
  /** Lines as a person sees them in the system's programs. */
  rules(): readonly string[];
  report(): Promise<Section[]>;
}

/** What the helper does to a system: Linux and macOS each have one. */
export interface Edge {
  /** The one framing that devices of this system have; null where the client chooses. */
  readonly framing: 'utun' | null;
  /** Every route of this machine that is not ours. */
  existingRoutes(): Promise<ExistingRoute[]>;
  /** Sockets of this machine that wait for others. */
  listeners(): Promise<Listener[]>;
  /** User of the system's resolver, where it will ask the responder itself; null where none does. */
  resolverUid(): Promise<number | null>;
  /** Makes a plan stand, wholly or not at all. @throws Problem HELPER_SYSTEM_REFUSED, HELPER_PROGRAM_MISSING. */
  raise(plan: EdgePlan): Promise<StandingSet>;
  /** Removes what any earlier helper left; tells what it was. */
  sweep(): Promise<string[]>;
}
