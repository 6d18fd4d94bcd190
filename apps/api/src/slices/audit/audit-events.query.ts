import type { Person } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import type { ResourceKind } from '../../platform/http/references.dto.ts';
import type { AuditEventDto } from './audit-event.dto.ts';

export interface AuditFilter {
  readonly person?: string | undefined;
  readonly resource?: string | undefined;
  /** One type, or a noun for all of its types: `grant`. */
  readonly type?: string | undefined;
  readonly grant?: string | undefined;
  readonly request?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

const pageDefault = 50;

/** Reads the audit, newest first. Nothing in the product writes it but a commit. */
export class AuditEventsQuery {
  readonly #client: PrismaClient;

  constructor(client: PrismaClient) {
    this.#client = client;
  }

  /** Auditors and administrators read everything, others what they did or what concerns them. */
  async list(
    person: Person,
    filter: AuditFilter,
  ): Promise<{ items: AuditEventDto[]; nextCursor: string | null }> {
    const limit = filter.limit ?? pageDefault;
    const rows = await this.#client.auditEvent.findMany({
      where: { AND: [ownOrAll(person), ...conditions(filter)] },
      orderBy: { position: 'desc' },
      take: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(shown), nextCursor: rows.length > limit && last ? String(last.position) : null };
  }
}

type Where = Prisma.AuditEventWhereInput;

function ownOrAll(person: Person): Where {
  if (person.roles.includes('auditor') || person.roles.includes('admin')) return {};
  return { OR: [{ actorId: person.id }, { subjectPersonId: person.id }] };
}

function conditions(filter: AuditFilter): Where[] {
  const { person, resource, type, grant, request, from, to } = filter;
  return [
    person ? { OR: [{ actorEmail: person.toLowerCase() }, { subjectEmail: person.toLowerCase() }] } : {},
    resource ? { resourceNames: { has: resource } } : {},
    type ? { type: type.includes('.') ? type : { startsWith: `${type}.` } } : {},
    grant ? { grantId: grant } : {},
    request ? { requestId: request } : {},
    from ? { at: { gte: timeOf('from', from) } } : {},
    to ? { at: { lte: timeOf('to', to) } } : {},
    filter.cursor ? { position: { lt: positionOf(filter.cursor) } } : {},
  ];
}

/** ISO 8601 has weeks and days of the year as well, which `Date` does not read. */
function timeOf(field: string, text: string): Date {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new Problem('INPUT_INVALID', {
    errors: [{ field, message: `${field} must be a date or a date and time` }],
  });
}

function positionOf(cursor: string): bigint {
  if (!/^\d{1,18}$/.test(cursor)) throw new Problem('PAGE_CURSOR_INVALID');
  return BigInt(cursor);
}

function shown(row: Prisma.AuditEventGetPayload<object>): AuditEventDto {
  const { resourceId: id, resourceName: name, resourceKind: kind } = row;
  return {
    id: row.id,
    position: Number(row.position),
    at: row.at.toISOString(),
    type: row.type,
    actor: { kind: row.actorKind as 'person', id: row.actorId, name: row.actorName, email: row.actorEmail },
    resource: id !== null && name !== null && kind !== null ? { id, name, kind: kind as ResourceKind } : null,
    requestId: row.requestId,
    grantId: row.grantId,
    leaseId: row.leaseId,
    sessionId: row.sessionId,
    sentence: row.sentence,
    details: row.details as Record<string, unknown>,
  };
}
