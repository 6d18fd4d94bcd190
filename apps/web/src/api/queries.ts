/** Every read of the dashboard, by its query key. The first word of a key is the noun that live hints refresh. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api } from './api.ts';
import type { LiveHint } from './contract.ts';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => api.readMe({ signal }),
});

export const resourcesQuery = queryOptions({
  queryKey: ['resources'],
  queryFn: async ({ signal }) => (await api.listResources({}, { signal })).items,
});

/** States as the API takes them: joined by commas, or nothing for all. */
const stated = (states: readonly string[]) => (states.length > 0 ? { state: states.join(',') } : {});

export const requestsQuery = (view: 'mine' | 'to-review' | 'all', states: readonly string[] = []) =>
  queryOptions({
    queryKey: ['requests', view, ...states],
    queryFn: async ({ signal }) =>
      (await api.listAccessRequests({ view, ...stated(states) }, { signal })).items,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ['requests', 'one', id],
    queryFn: ({ signal }) => api.readAccessRequest(id, { signal }),
  });

export const grantsQuery = (view: 'mine' | 'all', states: readonly string[] = []) =>
  queryOptions({
    queryKey: ['grants', view, ...states],
    queryFn: async ({ signal }) => (await api.listGrants({ view, ...stated(states) }, { signal })).items,
  });

export const flowsQuery = (grantId: string) =>
  queryOptions({
    queryKey: ['grants', 'flows', grantId],
    queryFn: ({ signal }) => api.listFlows(grantId, {}, { signal }),
  });

export const sessionsQuery = (view: 'mine' | 'all', state: 'live' | 'closed') =>
  queryOptions({
    queryKey: ['sessions', view, state],
    queryFn: async ({ signal }) => (await api.listSessions({ view, state }, { signal })).items,
  });

/** Query parameters of the audit list, as they stand in the URL. */
export type AuditFilters = Partial<
  Record<'person' | 'resource' | 'type' | 'grant' | 'request' | 'from' | 'to', string>
>;

const auditPageEvents = 50;

export const auditQuery = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam, signal }) =>
      api.listAuditEvents(
        { ...filters, limit: auditPageEvents, ...(pageParam ? { cursor: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor ?? null,
    placeholderData: keepPreviousData,
  });

/** Query parameters of the list of recordings, as they stand in the URL. */
export type RecordingFilters = Partial<Record<'person' | 'resource' | 'session' | 'grant', string>>;

export const recordingsQuery = (filters: RecordingFilters) =>
  infiniteQueryOptions({
    queryKey: ['recordings', 'list', filters],
    queryFn: ({ pageParam, signal }) =>
      api.listRecordings({ ...filters, ...(pageParam ? { cursor: pageParam } : {}) }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor ?? null,
    placeholderData: keepPreviousData,
  });

export const recordingQuery = (id: string) =>
  queryOptions({
    queryKey: ['recordings', 'one', id],
    queryFn: ({ signal }) => api.readRecording(id, { signal }),
  });

export const accountsGatewaysQuery = queryOptions({
  queryKey: ['accounts', 'gateways'],
  queryFn: async ({ signal }) => (await api.listAccountsGateways({ signal })).items,
});

export const givenUpQuery = queryOptions({
  queryKey: ['accounts', 'given-up'],
  queryFn: async ({ signal }) => (await api.listGivenUpWork({ signal })).items,
});

/** The nouns whose reads a hint makes stale. */
export function staleAfter(topic: LiveHint['topic']): readonly string[] {
  switch (topic) {
    case 'access-request':
      return ['requests', 'resources', 'me'];
    case 'grant':
      return ['grants', 'resources', 'requests', 'sessions', 'me'];
    case 'session':
      return ['sessions', 'grants', 'resources', 'recordings', 'me'];
    case 'resource':
      return ['resources'];
    case 'audit':
      return ['audit'];
    case 'hello':
      return ['me', 'resources', 'requests', 'grants', 'sessions', 'recordings', 'audit'];
    default:
      return [];
  }
}
