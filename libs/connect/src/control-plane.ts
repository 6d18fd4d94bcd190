import type { Api, CloseOrder, Grant, Lease, Session } from '@sallyport/api-client';

export type { CloseOrder, Lease };

/** Why a Session was closed, as the control plane records it. */
export type CloseReason =
  'client_exit' | 'idle' | 'grant_ended' | 'revoked' | 'network' | 'gateway_lost' | 'limit' | 'error';

/** Bytes of the person's own data, up (to the resource) and down. */
export interface Traffic {
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What a tunnel asks of the control plane; it never sees the data. */
export interface ControlPlane {
  /** `avoid`: instances that the client found dead; another healthy gateway is chosen if there is one. */
  issueLease(
    grantId: string,
    wish: { readonly avoid: readonly string[] },
    signal?: AbortSignal,
  ): Promise<Lease>;
  openSession(
    session: { grantId: string; leaseId: string; clientVersion: string; localPort: number | null },
    signal?: AbortSignal,
  ): Promise<Pick<Session, 'id' | 'endsAt'>>;
  /** Tells that the session lives; the answer may be the order to close it. */
  beat(
    sessionId: string,
    beat: Traffic & { state: 'open' | 'reconnecting'; ssmSessionId: string | null },
    signal?: AbortSignal,
  ): Promise<{ close: CloseOrder | null; session: Pick<Session, 'endsAt'> }>;
  closeSession(sessionId: string, end: Traffic & { reason: CloseReason }): Promise<void>;
  readGrant(grantId: string): Promise<Pick<Grant, 'state' | 'endReason' | 'endComment' | 'endsAt'>>;
}

/** The control plane behind the generated client. */
export function controlPlaneOf(api: Api): ControlPlane {
  return {
    issueLease: (grantId, _wish, signal) => api.issueLease(grantId, { signal }),
    openSession: (session, signal) => api.openSession(session, { signal }),
    beat: (sessionId, beat, signal) => api.beatSession(sessionId, beat, { signal }),
    closeSession: async (sessionId, end) => {
      await api.closeSession(sessionId, end);
    },
    readGrant: (grantId) => api.readGrant(grantId),
  };
}
