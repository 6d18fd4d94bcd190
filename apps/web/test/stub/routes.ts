import type { AccessRequest, Grant, Me, Resource, Session } from '@sallyport/api-client';
import { grantOf } from './scenario.ts';
import {
  digestOf,
  factsOf,
  isoIn,
  newId,
  pendingRequest,
  people,
  ref,
  type StubPerson,
  type World,
} from './world.ts';
import { accountsGateways, applyPlan, givenUp, planOf } from './accounts.ts';

/** One call as the routes see it. */
export interface Call {
  world: World;
  me: StubPerson;
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** What the pattern of the route caught. */
  id: string;
  hint: (topic: string, id: string) => void;
}

/** A refusal, to be sent as a problem document. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

const has = (person: StubPerson, ...roles: string[]) => person.roles.some((role) => roles.includes(role));
const seesAll = (person: StubPerson) => has(person, 'admin', 'auditor');

function requestFor(request: AccessRequest, me: StubPerson): AccessRequest {
  const pending = request.state === 'pending';
  const own = request.requester.id === me.id;
  const mayReview = pending && !own && me.groups.includes('db-owners');
  const seesFacts = own || mayReview || seesAll(me) || me.groups.includes('db-owners');
  return {
    ...request,
    mayReview,
    mayCancel: pending && own,
    facts: seesFacts ? request.facts : null,
    factsDigest: seesFacts ? request.factsDigest : null,
  };
}

function resourceFor(world: World, resource: Resource, me: StubPerson): Resource {
  const of = (each: { resource: { id: string } }) => each.resource.id === resource.id;
  const grant = world.grants.find((each) => each.state === 'active' && each.person.id === me.id && of(each));
  const waiting = world.requests.find(
    (each) => each.state === 'pending' && each.requester.id === me.id && each.items.some(of),
  );
  const state = grant ? (grant.sessions.live > 0 ? 'connected' : 'granted') : waiting ? 'waiting' : 'none';
  return {
    ...resource,
    mine: {
      state,
      requestId: waiting?.id ?? null,
      grantId: grant?.id ?? null,
      endsAt: grant?.endsAt ?? null,
    },
  };
}

export function meOf(world: World, me: StubPerson): Me {
  const all = seesAll(me);
  return {
    ...ref(me),
    roles: me.roles,
    groups: me.groups,
    signedInBy: 'cookie',
    scopes: null,
    counts: {
      toReview: world.requests.filter((request) => requestFor(request, me).mayReview).length,
      activeGrants: world.grants.filter((grant) => grant.state === 'active' && grant.person.id === me.id)
        .length,
      liveSessions: world.sessions.filter(
        (each) => each.state !== 'closed' && (all || each.person.id === me.id),
      ).length,
    },
    server: { name: 'Sallyport', version: '0.1.0' },
  };
}

function found<T extends { id: string }>(list: readonly T[], id: string, code: string): T {
  const thing = list.find((each) => each.id === id);
  if (!thing) throw new Refusal(404, code, `There is nothing called ${id}.`);
  return thing;
}

const states = (query: URLSearchParams) => query.get('state')?.split(',');

function listRequests({ world, me, query }: Call) {
  const view = query.get('view');
  const wanted = states(query);
  const items = world.requests
    .map((request) => requestFor(request, me))
    .filter((request) => !wanted || wanted.includes(request.state))
    .filter((request) =>
      view === 'mine' ? request.requester.id === me.id : view !== 'to-review' || request.mayReview,
    );
  return { items };
}

function submit({ world, me, body, hint }: Call) {
  const [name = ''] = body.resources as string[];
  const resource = world.resources.find((each) => each.name === name);
  if (!resource) throw new Refusal(404, 'RESOURCE_UNKNOWN', `There is no resource called ${name}.`);
  const open = resourceFor(world, resource, me).mine.state;
  if (open === 'waiting')
    throw new Refusal(409, 'REQUEST_ALREADY_OPEN', `You already wait for an answer about ${name}.`);
  const request = pendingRequest(world, me, {
    resource: name,
    durationSeconds: body.durationSeconds as number,
    reason: body.reason as string,
  });
  if (resource.rule.autoApproved) decide(world, request, null, 'approve', null);
  hint('access-request', request.id);
  return requestFor(request, me);
}

/** Records an answer; an approval opens the grant. */
function decide(
  world: World,
  request: AccessRequest,
  reviewer: StubPerson | null,
  verdict: 'approve' | 'deny',
  comment: string | null,
  durationSeconds = request.durationSeconds,
): void {
  const at = isoIn(0);
  request.state = verdict === 'approve' ? 'approved' : 'denied';
  request.decidedAt = at;
  request.reviews = [
    {
      id: newId(world, 'rev'),
      reviewer: reviewer && ref(reviewer),
      automatic: !reviewer,
      verdict,
      comment,
      at,
    },
  ];
  if (verdict === 'deny') return;
  const extended = world.grants.find(({ id }) => id === request.extension?.grantId);
  if (extended) {
    extended.endsAt = new Date(Date.parse(extended.endsAt) + durationSeconds * 1_000).toISOString();
    extended.extensions = (extended.extensions ?? 0) + 1;
    extended.extension = { secondsMax: 4 * 3_600, automaticSecondsMax: 0, requestId: null };
    request.items = request.items.map((item) => ({ ...item, state: 'approved', grantId: extended.id }));
    return;
  }
  const requester = Object.values(people).find(({ id }) => id === request.requester.id)!;
  for (const item of request.items) {
    const grant = grantOf(world, requester, item.resource.name, 0, durationSeconds);
    grant.reason = request.reason;
    item.grantId = grant.id;
    item.state = 'approved';
  }
}

function extend({ world, me, id, body, hint }: Call) {
  const grant = found(world.grants, id, 'GRANT_UNKNOWN');
  const request = pendingRequest(world, me, {
    resource: grant.resource.name,
    durationSeconds: body.durationSeconds as number,
    reason: (body.reason as string | undefined) ?? grant.reason,
    extending: grant,
  });
  grant.extension = { secondsMax: 4 * 3_600, automaticSecondsMax: 0, requestId: request.id };
  hint('access-request', request.id);
  return requestFor(request, me);
}

function review({ world, me, id, body, hint }: Call) {
  const request = found(world.requests, id, 'REQUEST_UNKNOWN');
  if (request.state !== 'pending')
    throw new Refusal(409, 'REQUEST_NOT_PENDING', 'Somebody else has answered.');
  if (request.requester.id === me.id)
    throw new Refusal(403, 'REVIEW_BY_REQUESTER', 'Nobody answers their own request.');
  if (body.factsDigest !== request.factsDigest) {
    throw new Refusal(409, 'REVIEW_DIGEST_MISMATCH', 'The facts are no longer those that were shown.');
  }
  const comment = (body.comment as string | undefined) ?? null;
  const verdict = body.verdict as 'approve' | 'deny';
  decide(
    world,
    request,
    me,
    verdict,
    comment,
    (body.durationSeconds as number | undefined) ?? request.durationSeconds,
  );
  hint('access-request', id);
  hint('grant', request.items[0]?.grantId ?? '');
  return requestFor(request, me);
}

function cancel({ world, me, id, hint }: Call) {
  const request = found(world.requests, id, 'REQUEST_UNKNOWN');
  if (request.state !== 'pending') throw new Refusal(409, 'REQUEST_NOT_PENDING', 'It was answered already.');
  request.state = 'cancelled';
  request.decidedAt = isoIn(0);
  hint('access-request', id);
  return requestFor(request, me);
}

function endGrant(call: Call, endReason: string): Grant {
  const grant = found(call.world.grants, call.id, 'GRANT_UNKNOWN');
  if (grant.state === 'ended') throw new Refusal(409, 'GRANT_NOT_ACTIVE', 'The grant has ended already.');
  const endedAt = isoIn(0);
  const endComment = (call.body.reason as string | undefined) ?? null;
  Object.assign(grant, { state: 'ended', endReason, endComment, endedAt });
  for (const session of call.world.sessions) {
    if (session.grantId === grant.id && session.state !== 'closed')
      closeSession(call.world, session, 'revoked');
  }
  call.hint('grant', grant.id);
  call.hint('session', '');
  return grant;
}

function closeSession(world: World, session: Session, endReason: string): Session {
  Object.assign(session, { state: 'closed', endReason, closedAt: isoIn(0) });
  const grant = world.grants.find(({ id }) => id === session.grantId);
  if (grant) grant.sessions = { ...grant.sessions, live: Math.max(0, grant.sessions.live - 1) };
  return session;
}

function listMine<T extends { person: { id: string } }>({ me, query }: Call, list: readonly T[]): T[] {
  if (query.get('view') === 'all' && !seesAll(me))
    throw new Refusal(403, 'ROLE_MISSING', 'Only administrators see all.');
  return list.filter((each) => query.get('view') === 'all' || each.person.id === me.id);
}

function listEvents({ world, query }: Call) {
  const limit = Number(query.get('limit') ?? 50);
  const from = Number(query.get('cursor') ?? 0);
  const items = world.events.filter(
    (event) =>
      (!query.has('person') || event.actor.email === query.get('person')) &&
      (!query.has('resource') || event.resource?.name === query.get('resource')) &&
      (!query.has('type') || event.type === query.get('type')) &&
      (!query.has('grant') || event.grantId === query.get('grant')) &&
      (!query.has('from') || event.at >= query.get('from')!) &&
      (!query.has('to') || event.at <= query.get('to')!),
  );
  const more = items.length > from + limit;
  return { items: items.slice(from, from + limit), nextCursor: more ? String(from + limit) : null };
}

/** Where a grant of a network was used to. */
const flows = {
  items: [],
  nextCursor: null,
  destinations: [
    { destination: '10.0.2.60', port: 8080, proto: 'tcp', name: 'orders.internal', flows: 48, refused: 0 },
    { destination: '10.0.3.15', port: 5432, proto: 'tcp', name: 'prod-db.internal', flows: 3, refused: 0 },
    { destination: '10.0.9.9', port: 25, proto: 'tcp', name: null, flows: 2, refused: 2 },
    { destination: '10.0.2.60', port: null, proto: 'icmp', name: null, flows: 1, refused: 0 },
  ].map((row, index) => ({
    ...row,
    bytesUp: row.refused > 0 ? 0 : 48_000 >> index,
    bytesDown: row.refused > 0 ? 0 : 92_000_000 >> (index * 4),
    lastAt: isoIn(-60 * (index + 1)),
  })),
};

type Route = [method: string, pattern: RegExp, answer: (call: Call) => unknown];

const isLive = (session: Session) => session.state !== 'closed';

/** The contract's routes that the dashboard uses, sign-in and sign-out apart. */
export const routes: readonly Route[] = [
  ['GET', /^\/me$/, ({ world, me }) => meOf(world, me)],
  [
    'GET',
    /^\/resources$/,
    ({ world, me }) => ({ items: world.resources.map((resource) => resourceFor(world, resource, me)) }),
  ],
  ['GET', /^\/access-requests$/, listRequests],
  ['POST', /^\/access-requests$/, submit],
  [
    'GET',
    /^\/access-requests\/([^/]+)$/,
    ({ world, me, id }) => requestFor(found(world.requests, id, 'REQUEST_UNKNOWN'), me),
  ],
  ['POST', /^\/access-requests\/([^/]+)\/cancel$/, cancel],
  ['POST', /^\/access-requests\/([^/]+)\/reviews$/, review],
  [
    'GET',
    /^\/grants$/,
    (call) => ({
      items: listMine(call, call.world.grants).filter(
        (grant) => states(call.query)?.includes(grant.state) ?? true,
      ),
    }),
  ],
  ['POST', /^\/grants\/([^/]+)\/extensions$/, extend],
  ['POST', /^\/grants\/([^/]+)\/return$/, (call) => endGrant(call, 'returned')],
  ['POST', /^\/grants\/([^/]+)\/revoke$/, (call) => endGrant(call, 'revoked')],
  [
    'GET',
    /^\/sessions$/,
    (call) => ({
      items: listMine(call, call.world.sessions).filter(
        (session) => isLive(session) === (call.query.get('state') === 'live'),
      ),
    }),
  ],
  [
    'POST',
    /^\/sessions\/([^/]+)\/terminate$/,
    ({ world, id, hint }) => {
      const session = closeSession(world, found(world.sessions, id, 'SESSION_UNKNOWN'), 'revoked');
      hint('session', id);
      return session;
    },
  ],
  ['GET', /^\/gateways\/with-accounts$/, () => accountsGateways],
  ['GET', /^\/given-up-work$/, () => givenUp],
  ['POST', /^\/gateways\/([^/]+)\/accounts\/plan$/, ({ world, id }) => planOf(world, id)],
  [
    'POST',
    /^\/gateways\/([^/]+)\/accounts\/apply$/,
    ({ world, id, body }) => {
      const applied = applyPlan(world, id, String(body['plan']));
      if (!applied)
        throw new Refusal(409, 'OS_USERS_PLAN_CHANGED', 'The hosts are no longer as they were shown.');
      return applied;
    },
  ],
  ['GET', /^\/audit-events$/, listEvents],
  ['GET', /^\/recordings$/, listRecordings],
  ['GET', /^\/recordings\/([^/]+)$/, (call) => recordingFor(call).recording],
  ['GET', /^\/grants\/([^/]+)\/flows$/, () => flows],
];

function listRecordings({ world, me, query }: Call) {
  demandAuditor(me);
  const session = query.get('session');
  const items = world.recordings
    .map(({ recording }) => recording)
    .filter((each) => session === null || each.sessionId === session);
  return { items, nextCursor: null };
}

function demandAuditor(me: StubPerson): void {
  if (!has(me, 'auditor')) throw new Refusal(403, 'ROLE_MISSING', 'This takes the role auditor.');
}

/** A recording with its file, for an auditor. */
export function recordingFor({ world, me, id }: Pick<Call, 'world' | 'me' | 'id'>) {
  demandAuditor(me);
  const stored = world.recordings.find(({ recording }) => recording.id === id);
  if (!stored) throw new Refusal(404, 'RECORDING_UNKNOWN', 'There is no such recording.');
  return stored;
}

/** Makes what a waiting request would open another thing, as an enrolment that changed meanwhile does. */
export function changeFacts(world: World, requestId: string, host: string): void {
  const request = found(world.requests, requestId, 'REQUEST_UNKNOWN');
  const requester = Object.values(people).find(({ id }) => id === request.requester.id)!;
  const resource = world.resources.find(({ id }) => id === request.items[0]?.resource.id)!;
  resource.host = host;
  request.facts = factsOf(request, requester, world.resources);
  request.factsDigest = digestOf(request.facts);
}
