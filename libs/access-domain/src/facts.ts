import type { PersonRef } from './actor.ts';
import type { ResourceRef } from './resource.ts';

/** What an approval of one item would give; derived by the server alone. */
export interface FactsItem {
  readonly resource: ResourceRef;
  readonly title: string;
  readonly reach: {
    readonly host: string | null;
    readonly port: number | null;
    readonly protocol: string | null;
    readonly database: string | null;
    readonly databaseRole: string | null;
  };
  readonly gateway: {
    readonly instanceId: string | null;
    readonly selector: Readonly<Record<string, string>>;
  };
  /** Of a subnet: which addresses, ports and names, by which way. */
  readonly network?: FactsNetwork;
  readonly account: { readonly id: string; readonly name: string };
  readonly region: string;
  readonly document: { readonly name: string; readonly sha256: string };
  /** All of them, where a grant leads through several: a shell, a command with and without a terminal. */
  readonly documents?: readonly FactsDocument[];
  /** Of a host that people sign in to by SSH. */
  readonly ssh?: FactsSsh;
  /** Of shells and commands. */
  readonly shell?: FactsShell;
  /** The rendered lease policy; its end stands as words, since every lease has its own. */
  readonly sessionPolicy: object;
  readonly recording: {
    readonly recorded: boolean;
    readonly where: string | null;
    readonly statement: string;
  };
  /** One sentence: what this adds to what the person has now. */
  readonly adds: string;
}

/** A Session document, and what it is for. */
export interface FactsDocument {
  readonly purpose: string;
  /** The name of the one command that it runs; null: whatever is asked, or a shell. */
  readonly command: string | null;
  readonly name: string;
  readonly sha256: string;
}

/** As whom people sign in, and whether by a key that lives a minute. */
export interface FactsSsh {
  readonly user: string;
  readonly port: number;
  readonly instanceConnect: boolean;
}

/** What may be done on a host, as whom, and how it is kept. */
export interface FactsShell {
  readonly runAs: string;
  /** Whether a login shell is given. */
  readonly login: boolean;
  readonly commands: {
    readonly which: 'any' | 'listed' | 'none';
    readonly listed: readonly { readonly name: string; readonly run: string }[];
  };
  readonly encrypted: boolean;
  readonly keyArn: string | null;
  /** Where the instance logs what is shown. */
  readonly logs: {
    readonly to: 'cloudWatch' | 's3';
    readonly place: string;
    readonly prefix: string | null;
  } | null;
  /** Demanded of the client, by the resource or by the policy. */
  readonly clientRecording: boolean;
}

/** What of a network becomes reachable. */
export interface FactsNetwork {
  readonly routes: readonly {
    readonly cidr: string;
    /** From and to, both included; empty for protocols without ports. */
    readonly ports: readonly (readonly [from: number, to: number])[];
    readonly proto: 'tcp' | 'udp' | 'icmp' | 'ip';
  }[];
  readonly suffixes: readonly string[];
  readonly resolver: string | null;
  readonly carries: readonly ('tcp' | 'udp' | 'icmp' | 'ip')[];
  readonly way: 'agent' | 'ssh';
  /** Everything that the gateway reaches, whatever the routes say. */
  readonly everything: boolean;
  /** Bits per second that one client carries in each direction, where that is bounded. */
  readonly maxBps?: number;
}

/** What a reviewer is shown and a review is bound to. Times are ISO 8601 in UTC. */
export interface Facts {
  readonly requester: PersonRef & { readonly groups: readonly string[] };
  readonly reason: string;
  readonly ticket: string | null;
  readonly durationSeconds: number;
  readonly startsAt: string | null;
  readonly items: readonly FactsItem[];
  /** Only of an extension. Times as above. */
  readonly extension?: FactsExtension;
}

/** What an extension would move: the end of a grant that stands. */
export interface FactsExtension {
  readonly grantId: string;
  readonly startedAt: string;
  /** As it is now. */
  readonly endsAt: string;
  /** As it would be. */
  readonly until: string;
}

/** Beside the facts, not bound by the review: it changes without the wish changing. */
export interface FactsHistory {
  readonly asked30d: number;
  readonly used30d: number;
}

export const leaseEndPlaceholder = '${lease end: at most 120 s after issue}';
