import type { Api, CloseOrder, Grant, Lease, Session } from '@sallyport/api-client';
import type { LossReason } from './tunnel-options.ts';

export type { CloseOrder, Lease };

/** Why a Session was closed, as the control plane records it. */
export type CloseReason =
  'client_exit' | 'idle' | 'grant_ended' | 'revoked' | 'network' | 'gateway_lost' | 'limit' | 'error';

/** Bytes of the person's own data, up (to the resource) and down. */
export interface Traffic {
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What a client may say about the lease it asks for. */
export interface LeaseWish {
  readonly avoid?: readonly string[];
  /** What for; left out, what the resource is mostly asked for. */
  readonly purpose?: Lease['purpose'];
  /** Name of a listed command. */
  readonly command?: string;
}

/** Instances that a control plane takes note of at most. */
const avoidMax = 8;

/** What a tunnel asks of the control plane; it never sees the data. */
export interface ControlPlane {
  /** `avoid`: instances found dead, in the order of finding; another healthy gateway is taken if there is one. */
  issueLease(grantId: string, wish?: LeaseWish, signal?: AbortSignal): Promise<Lease>;
  openSession(
    session: { grantId: string; leaseId: string; clientVersion: string; localPort: number | null },
    signal?: AbortSignal,
  ): Promise<Pick<Session, 'id' | 'endsAt'>>;
  /** Tells that the session lives; the answer may be the order to close it. */
  beat(
    sessionId: string,
    beat: Traffic & {
      state: 'open' | 'reconnecting';
      ssmSessionId: string | null;
      /** Why the connection was lost since the last answer, although it may be back. */
      lost: LossReason | null;
    },
    signal?: AbortSignal,
  ): Promise<{ close: CloseOrder | null; session: Pick<Session, 'endsAt'> }>;
  closeSession(sessionId: string, end: Traffic & { reason: CloseReason }): Promise<void>;
  readGrant(grantId: string): Promise<Pick<Grant, 'state' | 'endReason' | 'endComment' | 'endsAt'>>;
}

/** The control plane behind the generated client. */
export function controlPlaneOf(api: Api): ControlPlane {
  return {
    issueLease: (grantId, { avoid = [], ...wish } = {}, signal) =>
      api.issueLease(grantId, { ...wish, avoid: avoid.slice(-avoidMax) }, { signal }),
    openSession: (session, signal) => api.openSession(session, { signal }),
    beat: (sessionId, beat, signal) => api.beatSession(sessionId, beat, { signal }),
    closeSession: async (sessionId, end) => {
      await api.closeSession(sessionId, end);
    },
    readGrant: (grantId) => api.readGrant(grantId),
  };
}
