import { extensionRoom, favouring, grantAt, type Grant, type Person } from '@sallyport/access-domain';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { commandLineOf, offered, type ResourceDirectory } from '../catalog/index.ts';
import type { Policies } from '../policies/index.ts';
import { maySeeGrant } from './change-grant.handler.ts';
import { grantStates, type GrantDto, type GrantExtensionDto } from './grant.dto.ts';
import { grantOf, grantParts } from './grant.prisma-store.ts';

const listMax = 500;

const parts = {
  ...grantParts,
  _count: { select: { intervals: true, sessions: true } },
  extending: { where: { state: 'pending' }, select: { id: true, lapsesAt: true } },
  sessions: { where: { state: { not: 'closed' } }, select: { id: true } },
} as const satisfies Prisma.GrantInclude;

type Row = Prisma.GrantGetPayload<{ include: typeof parts }>;

export interface GrantFilter {
  readonly view?: string | undefined;
  /** States, separated by commas. */
  readonly state?: string | undefined;
}

/** Grants as people see them, always compared with the clock. */
export class GrantsQuery {
  readonly #client: PrismaClient;
  readonly #effects: Effects;

  readonly #policies: Policies;
  readonly #directory: ResourceDirectory;

  constructor(
    client: PrismaClient,
    effects: Effects,
    sources: { readonly policies: Policies; readonly directory: ResourceDirectory },
  ) {
    this.#client = client;
    this.#effects = effects;
    this.#policies = sources.policies;
    this.#directory = sources.directory;
  }

  /** The newest first. `all` gives what the person may know of. Refuses with FILTER_INVALID. */
  async list(person: Person, { view = 'mine', state }: GrantFilter): Promise<GrantDto[]> {
    if (view !== 'mine' && view !== 'all')
      throw new Problem('FILTER_INVALID', { detail: 'The view is mine or all.' });
    const states = state?.split(',') ?? [...grantStates];
    const unknown = states.find((one) => !grantStates.includes(one as GrantDto['state']));
    if (unknown !== undefined)
      throw new Problem('FILTER_INVALID', { detail: `A grant is never ${unknown}.` });
    const now = new Date(this.#effects.clock.now());
    const seen = view === 'mine' ? { personId: person.id } : visibleTo(person);
    const rows = await this.#client.grant.findMany({
      // By the database: what is left out afterwards would take the place of what is wanted.
      where: { AND: [seen, { OR: states.map((one) => whereState(one, now)) }] },
      include: parts,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: listMax,
    });
    return rows.map((row) => this.#shown(row, person)).filter((grant) => states.includes(grant.state));
  }

  /** Refuses with GRANT_UNKNOWN. */
  async read(person: Person, id: string): Promise<GrantDto> {
    const row = await this.#client.grant.findUnique({ where: { id }, include: parts });
    if (!row || !maySeeGrant(grantOf(row), person)) throw new Problem('GRANT_UNKNOWN');
    return this.#shown(row, person);
  }

  #shown(row: Row, viewer: Person): GrantDto {
    const grant = grantAt(grantOf(row), this.#effects.clock.now());
    const ended = endOf(grant);
    return {
      id: grant.id,
      state: grant.state,
      ...ended,
      version: grant.version,
      resource: grant.resource,
      person: grant.person,
      requestId: grant.requestId,
      approvedBy: grant.approvedBy,
      automatic: grant.approvedBy === null,
      reason: grant.reason,
      startsAt: new Date(grant.startsAt).toISOString(),
      endsAt: new Date(grant.endsAt).toISOString(),
      sessions: { live: row.sessions.length, total: row._count.sessions },
      connectLine: commandLineOf(grant.resource.name, this.#directory.byName(grant.resource.name)),
      extensions: grant.extensions,
      extension: this.#extension(grant, row, viewer),
    };
  }

  /** The best that a policy leaves; null for grants of others, and where no policy extends. */
  #extension(grant: Grant, { extending }: Row, viewer: Person): GrantExtensionDto | null {
    const known = this.#directory.byName(grant.resource.name);
    if (grant.state !== 'active' || grant.person.id !== viewer.id || !known) return null;
    const policies = favouring(this.#policies.inForce(), viewer, offered(known));
    const rooms = policies.flatMap((policy) => extensionRoom(policy, grant) ?? []);
    if (rooms.length === 0) return null;
    const waiting = extending.find(({ lapsesAt }) => lapsesAt.getTime() > this.#effects.clock.now());
    return {
      secondsMax: Math.max(...rooms.map(({ secondsMax }) => secondsMax)),
      automaticSecondsMax: Math.max(...rooms.map(({ automaticSecondsMax }) => automaticSecondsMax)),
      requestId: waiting?.id ?? null,
    };
  }
}

function endOf(grant: Grant): Pick<GrantDto, 'endReason' | 'endComment' | 'endedAt'> {
  if (grant.state !== 'ended') return { endReason: null, endComment: null, endedAt: null };
  const { endReason, endComment, endedAt } = grant;
  return { endReason, endComment, endedAt: new Date(endedAt).toISOString() };
}

/** What `grantAt` says, as a condition. */
function whereState(state: string, now: Date): Prisma.GrantWhereInput {
  const stands = { state: { not: 'ended' }, endsAt: { gt: now } };
  switch (state) {
    case 'ended':
      return { OR: [{ state }, { endsAt: { lte: now } }] };
    case 'scheduled':
      return { AND: [stands, { state, startsAt: { gt: now } }] };
    default:
      return { AND: [stands, { OR: [{ state: 'active' }, { startsAt: { lte: now } }] }] };
  }
}

function visibleTo(person: Person): Prisma.GrantWhereInput {
  if (person.roles.includes('admin') || person.roles.includes('auditor')) return {};
  return { OR: [{ personId: person.id }, { reviewers: { hasSome: [...person.groups] } }] };
}
