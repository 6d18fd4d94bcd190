import type { Network } from './networks.ts';

/** The name of a set's things: all of them follow from one small number, so that what is ours is known by name after any crash. */
export interface Slot {
  readonly number: number;
  readonly device: string;
  readonly table: number;
  /** First of {@link rulesPerSlot} preferences of `ip rule`. */
  readonly preference: number;
  readonly filterTable: string;
}

/** How many sets one machine holds at once. */
export const slotCount = 32;
export const rulesPerSlot = 4;
const firstTable = 54_100;
const firstPreference = 4_400;
/** `proto` of our routes and rules in `ip route` and `ip rule`: a number that no routing daemon has. */
export const routeProtocol = 119;

export function slot(number: number): Slot {
  return {
    number,
    device: `sally${number}`,
    table: firstTable + number,
    preference: firstPreference + number * rulesPerSlot,
    filterTable: `sallyport_${number}`,
  };
}

export const isOurTable = (table: number) => table >= firstTable && table < firstTable + slotCount;
export const isOurPreference = (preference: number) =>
  preference >= firstPreference && preference < firstPreference + slotCount * rulesPerSlot;

/** Conversations that the packet filter hands to a listener on loopback. */
export interface Capture {
  readonly to: Network;
  readonly ports: readonly [number, number];
  readonly proto: 'tcp' | 'udp';
  readonly listener: number;
}

/** All that one set wants of the system: judged, canonical, and no more than the grant gives. */
export interface EdgePlan {
  readonly slot: Slot;
  readonly via: 'tun' | 'filter';
  readonly uid: number;
  readonly mtu: number;
  /** How packets lie in what is read from the device. */
  readonly framing: 'plain' | 'vnet' | 'utun';
  readonly address4: Network | null;
  readonly address6: Network | null;
  readonly responder4: Network | null;
  readonly responder6: Network | null;
  /** Networks that lead into the tunnel, without the responders. */
  readonly routes: readonly Network[];
  /** Addresses inside {@link routes} that stay outside. */
  readonly excluded: readonly Network[];
  readonly captures: readonly Capture[];
  readonly names: readonly { readonly name: string; readonly address: Network }[];
  readonly suffixes: readonly string[];
  /** The user of the system's own resolver where it asks the responder (systemd-resolved). */
  readonly resolverUid: number | null;
}
