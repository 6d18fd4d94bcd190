import type { Effects } from '@sallyport/effects';
import type { Route } from '../filter/rule.ts';
import type { DropReason } from '../filter/verdict.ts';
import type { Reach } from '../reach/reach.ts';

/** How packets lie in what is read from and written to the device's descriptor. */
export type Framing =
  /** Linux TUN with IFF_NO_PI: the packet alone. */
  | 'plain'
  /** Linux TUN with IFF_NO_PI and IFF_VNET_HDR (10 bytes): checksums and segmentation are left to the far end of the copy. */
  | 'vnet'
  /** utun: four bytes of address family in network order. */
  | 'utun';

/** An open device as the helper hands it over. The router owns the descriptor from then on and closes it at its end. */
export interface TunDevice {
  /** Non-blocking. */
  readonly fd: number;
  readonly name: string;
  readonly framing: Framing;
  /** The device's own addresses, at most one of each family: everything that enters it comes from one of them. */
  readonly addresses: readonly string[];
}

/** Names that this tunnel answers for. */
export interface NameSettings {
  /** Where the responder listens on port 53 (UDP and TCP): an address that is routed into the device and is not its own. */
  readonly responder: string;
  /** Whole names. An address: answered from here. Null: asked of the private network's resolver. */
  readonly names: readonly { readonly name: string; readonly address: string | null }[];
  /** Names below these are asked of the private network's resolver. */
  readonly suffixes: readonly string[];
}

export interface RouterSettings {
  readonly device: TunDevice;
  /** What the grant opens. Nothing else passes. */
  readonly routes: readonly Route[];
  readonly reach: Reach;
  readonly names?: NameSettings | undefined;
  readonly effects: Effects;
  readonly debug?: ((message: string) => void) | undefined;
  /** Whether the device is read in the event loop (default; Linux alone, a thread elsewhere), or by a thread of its own. */
  readonly reading?: 'loop' | 'thread' | undefined;
  /**
   * Who ends the programs' connections: the router itself, packet by packet (default where the event loop reads), or listeners of the kernel on the
   * device's addresses.
   */
  readonly ending?: 'kernel' | 'router' | undefined;
  /** The device failed or went away under the router. */
  readonly ended?: ((reason: string) => void) | undefined;
}

/** What passed so far. Counts only grow; the person's rates are their differences. */
export interface RouterCounters {
  /** Open now. */
  readonly flows: { readonly tcp: number; readonly held: number; readonly udp: number };
  /** Payload bytes of TCP and UDP, from and to the person's programs. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly packets: number;
  readonly connects: { readonly opened: number; readonly refused: number; readonly failed: number };
  readonly names: { readonly answered: number; readonly refused: number };
  /** Packets dropped, by reason; reasons that never occurred are left out. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

export interface Router {
  counters(): RouterCounters;
  /** Replaces what is granted: connections that are no longer covered are reset. */
  change(grant: { readonly routes: readonly Route[]; readonly names?: NameSettings | undefined }): void;
  /** Resets what is open, stops the thread and closes the device; within a second, also under load. */
  close(): Promise<void>;
}

export interface FilterRouterSettings {
  readonly routes: readonly Route[];
  readonly reach: Reach;
  readonly names?: NameSettings | undefined;
  readonly effects: Effects;
  readonly debug?: ((message: string) => void) | undefined;
}

/** A loopback port that the packet filter must send granted traffic to. */
export interface FilterListener {
  /** Range of destinations, and their ports; `udp` and `tcp` only. */
  readonly cidr: string;
  readonly ports: readonly (readonly [number, number])[];
  readonly proto: 'tcp' | 'udp';
  /** Port on 127.0.0.1 (IPv4 destinations) or ::1. */
  readonly to: number;
}

/** The router of `--via filter`: no device, a packet filter sends granted connections to loopback listeners. */
export interface FilterRouter extends Pick<Router, 'counters' | 'close'> {
  /** What the helper has to load, in the order of the routes. */
  readonly listeners: readonly FilterListener[];
  /** Where the responder for names listens on loopback, with UDP and TCP; null without names. */
  readonly namesPort: number | null;
}
