import { sentenceOf, type AuditEvent } from '@sallyport/access-domain';
import type { Prisma } from '../../generated/prisma/client.ts';

/** The row of an event. Its position is given by the database. */
export function auditRow(event: AuditEvent): Prisma.AuditEventCreateManyInput {
  const resources = event.resources ?? [];
  const only = resources.length === 1 ? resources[0] : undefined;
  return {
    id: event.id,
    at: new Date(event.at),
    type: event.type,
    actorKind: event.actor.kind,
    actorId: event.actor.id,
    actorName: event.actor.name,
    actorEmail: event.actor.email,
    subjectPersonId: event.subject?.id ?? null,
    subjectEmail: event.subject?.email ?? null,
    resourceId: only?.id ?? null,
    resourceName: only?.name ?? null,
    resourceKind: only?.kind ?? null,
    resourceNames: resources.map((resource) => resource.name),
    requestId: event.requestId ?? null,
    grantId: event.grantId ?? null,
    leaseId: event.leaseId ?? null,
    sessionId: event.sessionId ?? null,
    sentence: sentenceOf(event),
    details: event.details,
  };
}
