import type { AuditFilters } from '../../api/queries.ts';

export type FilterKey = keyof AuditFilters;

/** The filters in the order in which their chips stand. */
export const filterKeys: readonly FilterKey[] = [
  'person',
  'resource',
  'type',
  'grant',
  'request',
  'from',
  'to',
];

/** Every kind of event, in the order of a story. */
export const eventTypes = [
  'request.submitted',
  'request.cancelled',
  'request.lapsed',
  'review.recorded',
  'request.approved',
  'request.denied',
  'grant.activated',
  'grant.extended',
  'grant.ended',
  'grant.revoke_confirmed',
  'lease.intended',
  'lease.issued',
  'lease.failed',
  'lease.unknown',
  'session.opened',
  'session.connected',
  'session.reconnecting',
  'session.closed',
  'session.terminated',
  'recording.stored',
  'recording.opened',
  'recording.missing',
  'recording.untold',
  'recording.removed',
  'person.signed_in',
  'person.sign_in_refused',
  'person.signed_out',
  'token.made',
  'token.revoked',
] as const;

const dayForm = /^\d{4}-\d{2}-\d{2}$/;

/** The filters that stand in a URL's query; what is not a filter is ignored. */
export function filtersFromUrl(query: Pick<URLSearchParams, 'get'>): AuditFilters {
  const filters: AuditFilters = {};
  for (const key of filterKeys) {
    const value = query.get(key)?.trim();
    if (value) filters[key] = value;
  }
  return filters;
}

/** The query of the URL that says these filters, in their fixed order, `''` for none. */
export function urlFromFilters(filters: AuditFilters): string {
  const query = new URLSearchParams();
  for (const key of filterKeys) {
    const value = filters[key]?.trim();
    if (value) query.set(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

/**
 * The filters as the API takes them: a day in `from` means its first moment, a day in `to` its last, both in UTC. Full
 * moments stay as they are; what is neither is left out, since the API would refuse it.
 */
export function filtersForApi(filters: AuditFilters): AuditFilters {
  const sent = { ...filters };
  if (sent.from !== undefined) sent.from = momentOf(sent.from, 'T00:00:00.000Z');
  if (sent.to !== undefined) sent.to = momentOf(sent.to, 'T23:59:59.999Z');
  return sent;
}

function momentOf(text: string, timeOfDay: string): string | undefined {
  const at = Date.parse(dayForm.test(text) ? text + timeOfDay : text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
