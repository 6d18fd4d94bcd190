import type { LossReason, ProgressStep } from '@sallyport/connect';
import type { NetworkSummary } from '../network/network-summary.ts';

/** A tunnel that is open, as `connect --json` tells it first. */
export interface TunnelOpened {
  readonly event: 'open';
  /** Session of the control plane. */
  readonly id: string;
  readonly state: string;
  readonly grantId: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly socket: string | null;
  readonly url: string;
  readonly endsAt: string;
  /** Files for its clients, by what `{...}` calls them. */
  readonly files: Readonly<Record<string, string>>;
  /** Device, routes and names on this machine, for a network or a virtual address. */
  readonly network: NetworkSummary | null;
  /** How long opening took, step by step, in milliseconds since it began. */
  readonly steps: readonly { readonly step: ProgressStep; readonly elapsedMs: number }[];
}

/** A tunnel that is over. */
export interface TunnelClosed {
  readonly event: 'closed';
  readonly id: string;
  readonly state: 'closed';
  readonly grantId: string;
  readonly name: string;
  readonly reason: string;
  /** Code of the problem that ended it; null when it ended by wish. */
  readonly code: string | null;
  readonly detail: string | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What happens to a tunnel, one object per line with `connect --json`. Readers pass over kinds they do not know. */
export type TunnelEvent =
  | TunnelOpened
  | TunnelClosed
  | {
      readonly event: 'progress';
      readonly name: string;
      readonly step: ProgressStep;
      readonly elapsedMs: number;
    }
  | { readonly event: 'port-chosen'; readonly name: string; readonly wanted: number; readonly port: number }
  | {
      readonly event: 'warning';
      readonly name: string;
      readonly secondsLeft: number;
      readonly endsAt: string;
      /** The line to paste to go on longer. */
      readonly extend: string;
    }
  | { readonly event: 'reconnecting'; readonly name: string; readonly reason: LossReason }
  | { readonly event: 'obstacle'; readonly name: string; readonly code: string }
  | {
      readonly event: 'recovered';
      readonly name: string;
      readonly afterMs: number;
      readonly how: 'resumed' | 'fresh';
    }
  | { readonly event: 'gateway-changed'; readonly name: string; readonly from: string; readonly to: string }
  | { readonly event: 'connections-lost'; readonly name: string; readonly count: number }
  | { readonly event: 'destination-refused'; readonly name: string; readonly destination: string }
  | { readonly event: 'destination-not-granted'; readonly name: string; readonly destination: string }
  /** A network without the helper: a SOCKS listener takes the place of a device. */
  | { readonly event: 'helper-missing'; readonly name: string }
  | { readonly event: 'peer-refused'; readonly name: string; readonly uid: number | null };

/** Where events go: a terminal, a stream of JSON, the log of the background process. */
export type TunnelReport = (event: TunnelEvent) => void;
