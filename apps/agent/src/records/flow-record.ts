/** How a conversation ended: who closed it, or why it was closed or never opened. */
export type FlowEnd = 'client' | 'far' | 'refused' | 'revoked' | 'expired' | 'limit' | 'error';

/** What the audit learns of one conversation. Never its contents. */
export interface FlowRecord {
  /** Made here, so that a record that is sent twice counts once. */
  readonly flowId: string;
  readonly grantId: string;
  readonly personId: string;
  /** The token under which it was opened. */
  readonly jti: string;
  readonly proto: 'tcp' | 'udp' | 'icmp' | 'ip';
  /** The client's address inside the tunnel, where the client tells it. */
  readonly source: string | null;
  /** The address that was dialled, or as it was asked for when it was refused unseen. */
  readonly destination: string;
  /** Of whole packets (`ip`): the number of the IP protocol. */
  readonly port: number;
  /** The name that led to the address, when this client asked for one. */
  readonly name: string | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly end: FlowEnd;
  /** The code of the refusal or failure, if any. */
  readonly code: string | null;
}

/** Where records go. */
export interface FlowRecords {
  add(record: FlowRecord): void;
}
