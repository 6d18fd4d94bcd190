/**
 * What the dashboard reads from the API: the types generated from the OpenAPI document, and the hints of the live
 * channel, which that document cannot state. Nothing here decides anything: every `may…` and every sentence is the
 * server's. Times are ISO-8601 strings in UTC, durations seconds.
 */
export type {
  AccessRequest,
  AccountsGateway,
  AccountsPlan,
  AppliedAccountsPlan,
  AuditEvent,
  Facts,
  FactsItem,
  Grant,
  Me,
  Network,
  Resource,
  ResourceRef,
  Review,
  Session,
  SessionRecording,
} from '@sallyport/api-client';

export type ResourceKind = import('@sallyport/api-client').ResourceRef['kind'];

/** A hint on the live channel that something changed; the reader fetches the state. */
export interface LiveHint {
  topic: 'hello' | 'access-request' | 'grant' | 'session' | 'audit' | 'resource';
  id: string;
  version?: number;
  at?: string;
}
