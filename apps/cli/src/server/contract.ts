/** What the control plane answers, as the command line reads it (the HTTP contract, `/api/openapi.json`). */

export interface PersonRef {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export interface ResourceRef {
  readonly id: string;
  readonly name: string;
  readonly kind: ResourceKind;
}

export type ResourceKind = 'database' | 'port' | 'ssh' | 'shell' | 'subnet';

export interface Me extends PersonRef {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly signedInBy: 'cookie' | 'token';
  readonly scopes: readonly string[] | null;
  readonly counts: {
    readonly toReview: number;
    readonly activeGrants: number;
    readonly liveSessions: number;
  };
  readonly server: { readonly name: string; readonly version: string };
}

export interface Resource extends ResourceRef {
  readonly title: string;
  readonly description: string;
  readonly environment: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly host: string;
  readonly port: number | null;
  readonly cidr?: string | null;
  readonly protocol?: 'postgresql' | 'http' | 'ssh' | null;
  readonly database?: { readonly name: string; readonly role: string } | null;
  readonly account: { readonly id: string; readonly name: string };
  readonly region: string;
  readonly gateway: {
    readonly instanceId: string | null;
    readonly state: 'online' | 'lost' | 'stopped' | 'unknown';
  };
  readonly connectable: boolean;
  readonly notConnectable?: { readonly code: string; readonly reason: string } | null;
  readonly rule: {
    readonly policy: string;
    readonly maxDurationSeconds: number;
    readonly defaultDurationSeconds: number;
    readonly reasonRequired: boolean;
    readonly reasonExample: string | null;
    readonly autoApproved: boolean;
    readonly reviewers: readonly string[];
    readonly usualWaitSeconds: number | null;
  };
  readonly recording: {
    readonly recorded: boolean;
    readonly where: string | null;
    readonly statement: string;
  };
  readonly mine: {
    readonly state: 'none' | 'waiting' | 'granted' | 'connected';
    readonly requestId: string | null;
    readonly grantId: string | null;
    readonly endsAt: string | null;
  };
}

export type RequestState = 'pending' | 'approved' | 'denied' | 'cancelled' | 'lapsed';

export interface RequestItem {
  readonly id: string;
  readonly state: 'pending' | 'approved' | 'denied' | 'narrowed';
  readonly resource: ResourceRef;
  readonly grantId: string | null;
}

export interface FactsItem {
  readonly resource: ResourceRef;
  readonly title: string;
  readonly reach: {
    readonly host: string;
    readonly port: number | null;
    readonly protocol?: string | null;
    readonly database?: string | null;
    readonly databaseRole?: string | null;
  };
  readonly gateway: { readonly instanceId: string | null };
  readonly account: { readonly id: string; readonly name: string };
  readonly region: string;
  readonly document: { readonly name: string; readonly sha256: string };
  readonly sessionPolicy: object;
  readonly recording: {
    readonly recorded: boolean;
    readonly where: string | null;
    readonly statement: string;
  };
  readonly adds: string;
}

export interface Facts {
  readonly requester: PersonRef & { readonly groups: readonly string[] };
  readonly items: readonly FactsItem[];
  readonly history: { readonly asked30d: number; readonly used30d: number };
}

export interface AccessRequest {
  readonly id: string;
  readonly state: RequestState;
  readonly version: number;
  readonly requester: PersonRef;
  readonly items: readonly RequestItem[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly durationSeconds: number;
  readonly createdAt: string;
  readonly startsAt: string | null;
  readonly lapsesAt: string;
  readonly decidedAt: string | null;
  readonly reviews: readonly {
    readonly id: string;
    readonly reviewer: PersonRef | null;
    readonly automatic: boolean;
    readonly verdict: 'approve' | 'deny';
    readonly comment: string | null;
    readonly at: string;
  }[];
  readonly reviewers: readonly string[];
  readonly usualWaitSeconds: number | null;
  readonly mayReview: boolean;
  readonly mayCancel: boolean;
  readonly facts: Facts | null;
  readonly factsDigest: string | null;
}

export interface Grant {
  readonly id: string;
  readonly state: 'scheduled' | 'active' | 'ended';
  readonly endReason: string | null;
  readonly endComment: string | null;
  readonly version: number;
  readonly resource: ResourceRef;
  readonly person: PersonRef;
  readonly requestId: string;
  readonly approvedBy: PersonRef | null;
  readonly automatic: boolean;
  readonly reason: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly endedAt: string | null;
  readonly sessions: { readonly live: number; readonly total: number };
}

export interface Session {
  readonly id: string;
  readonly state: 'opening' | 'open' | 'reconnecting' | 'closing' | 'closed';
  readonly endReason: string | null;
  readonly grantId: string;
  readonly resource: ResourceRef;
  readonly person: PersonRef;
  readonly ssmSessionId: string | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly endsAt: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface AuditEvent {
  readonly id: string;
  readonly position: number;
  readonly at: string;
  readonly type: string;
  readonly actor: {
    readonly kind: 'person' | 'system';
    readonly name: string;
    readonly email: string | null;
  };
  readonly resource: ResourceRef | null;
  readonly requestId: string | null;
  readonly grantId: string | null;
  readonly sessionId: string | null;
  readonly sentence: string;
  readonly details: object;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}
