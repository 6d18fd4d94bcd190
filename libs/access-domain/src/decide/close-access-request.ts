import type { Ids } from '@sallyport/effects';
import {
  aboutRequest,
  lapseOf,
  requestAt,
  type AccessRequest,
  type ClosedRequest,
} from '../access-request.ts';
import { personActor, systemActor, type Person } from '../actor.ts';
import { happened } from '../audit-event.ts';
import { decided, refuse, type Decision } from '../decision.ts';
import type { Instant } from '../ids.ts';

/** The requester takes the request back. Refuses with REQUEST_UNKNOWN (not theirs) and REQUEST_NOT_PENDING. */
export function cancelAccessRequest(
  stored: AccessRequest,
  { person, now, ids }: { person: Person; now: Instant; ids: Ids },
): Decision<ClosedRequest> {
  const request = requestAt(stored, now);
  if (request.requester.id !== person.id) return refuse('REQUEST_UNKNOWN');
  if (request.state !== 'pending')
    return refuse('REQUEST_NOT_PENDING', { detail: `The request is ${request.state}.` });
  const next: ClosedRequest = {
    ...request,
    state: 'cancelled',
    version: request.version + 1,
    decidedAt: now,
  };
  const occasion = { actor: personActor(person), now, ids };
  return decided(next, [happened(occasion, 'request.cancelled', aboutRequest(next), {})]);
}

/** Nobody answered in time, or there is nothing left to extend. Refuses with REQUEST_NOT_PENDING, also when the time is not over yet. */
export function lapseAccessRequest(
  request: AccessRequest,
  { now, ids }: { now: Instant; ids: Ids },
): Decision<ClosedRequest> {
  const over = lapseOf(request);
  if (request.state !== 'pending' || now < over)
    return refuse('REQUEST_NOT_PENDING', { detail: `The request is ${request.state} and not due.` });
  const next: ClosedRequest = {
    ...request,
    state: 'lapsed',
    version: request.version + 1,
    decidedAt: over,
  };
  const waitedSeconds = Math.max(0, Math.round((over - request.createdAt) / 1000));
  return decided(next, [
    happened({ actor: systemActor, now, ids }, 'request.lapsed', aboutRequest(next), { waitedSeconds }),
  ]);
}
