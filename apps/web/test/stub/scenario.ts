import type { AuditEvent, Grant, Session } from '@sallyport/api-client';
import {
  isoIn,
  newId,
  pendingRequest,
  people,
  ref,
  resources,
  type StubPerson,
  type World,
} from './world.ts';

type Story = [
  secondsAgo: number,
  type: string,
  actor: StubPerson | null,
  sentence: string,
  resource?: string,
];

const { engineer, approver, admin, outsider } = people;

const story: readonly Story[] = [
  [40, 'request.submitted', engineer, 'engineer@example.com asked for prod-rds for 2 h', 'prod-rds'],
  [180, 'request.submitted', outsider, 'outsider@example.com asked for prod-web for 30 min', 'prod-web'],
  [540, 'session.connected', engineer, 'engineer@example.com connected to prod-web', 'prod-web'],
  [545, 'lease.issued', null, 'A lease of 120 s was issued to engineer@example.com for prod-web', 'prod-web'],
  [1_080, 'grant.activated', null, 'prod-web is open to engineer@example.com for 1 h', 'prod-web'],
  [
    1_080,
    'request.approved',
    approver,
    'approver@example.com approved prod-web for engineer@example.com for 1 h',
    'prod-web',
  ],
  [1_300, 'request.submitted', engineer, 'engineer@example.com asked for prod-web for 1 h', 'prod-web'],
  [
    7_200,
    'grant.ended',
    admin,
    'admin@example.com revoked prod-rds of engineer@example.com: laptop reported lost',
    'prod-rds',
  ],
  [
    7_202,
    'session.closed',
    null,
    'The session of engineer@example.com on prod-rds ended: revoked, 4.2 MB down',
    'prod-rds',
  ],
  [
    93_600,
    'request.denied',
    approver,
    'approver@example.com denied prod-rds to outsider@example.com',
    'prod-rds',
  ],
  [93_900, 'person.sign_in_refused', null, 'A sign-in as admin@example.com was refused: wrong password'],
  [94_000, 'lease.failed', null, 'No lease was issued for prod-rds: the gateway was offline', 'prod-rds'],
];

function event(world: World, position: number, [ago, type, actor, sentence, resource]: Story): AuditEvent {
  const found = world.resources.find(({ name }) => name === resource);
  return {
    id: newId(world, 'evt'),
    position,
    at: isoIn(-ago),
    type,
    actor: actor
      ? { kind: 'person', id: actor.id, name: actor.name, email: actor.email }
      : { kind: 'system', id: null, name: 'Sallyport', email: null },
    resource: found ? { id: found.id, name: found.name, kind: found.kind } : null,
    requestId: found ? (world.requests.at(-1)?.id ?? null) : null,
    grantId: type.startsWith('grant') || type.startsWith('session') ? (world.grants[0]?.id ?? null) : null,
    leaseId: null,
    sessionId: null,
    sentence,
    details: { reason: 'INC-4312 slow checkout query', previousState: 'pending' },
  };
}

/** A grant of the person, from `from` to `to` seconds from now. */
export function grantOf(world: World, person: StubPerson, name: string, from: number, to: number): Grant {
  const found = world.resources.find((each) => each.name === name)!;
  const automatic = found.rule.autoApproved;
  const grant: Grant = {
    id: newId(world, 'grt'),
    state: 'active',
    endReason: null,
    endComment: null,
    version: 1,
    resource: { id: found.id, name, kind: found.kind },
    person: ref(person),
    requestId: newId(world, 'req'),
    approvedBy: automatic ? null : ref(approver),
    automatic,
    reason: 'INC-4312 slow checkout query',
    startsAt: isoIn(from),
    endsAt: isoIn(to),
    endedAt: null,
    sessions: { live: 0, total: 0 },
    extensions: 0,
    extension: to > 0 ? { secondsMax: 4 * 3_600, automaticSecondsMax: 0, requestId: null } : null,
    connectLine: lineOf(found),
  };
  world.grants.unshift(grant);
  return grant;
}

function lineOf({ name, kind }: Pick<World['resources'][number], 'name' | 'kind'>): string {
  const verb = kind === 'ssh' || kind === 'shell' ? kind : 'connect';
  return `tunnel ${verb} ${name}`;
}

/** A live session on the grant. */
export function sessionOn(world: World, grant: Grant, openedSecondsAgo: number): Session {
  const session: Session = {
    id: newId(world, 'ses'),
    state: 'open',
    endReason: null,
    grantId: grant.id,
    recording: null,
    purpose: grant.resource.kind === 'ssh' || grant.resource.kind === 'shell' ? grant.resource.kind : 'port',
    resource: grant.resource,
    person: grant.person,
    ssmSessionId: `jit-${grant.id}-0c3f`,
    instanceId: 'i-0ab12cd34ef567890',
    openedAt: isoIn(-openedSecondsAgo),
    closedAt: null,
    lastSeenAt: isoIn(-2),
    endsAt: grant.endsAt,
    bytesUp: openedSecondsAgo * 412,
    bytesDown: openedSecondsAgo * 31_870,
    clientVersion: '0.1.0',
  };
  world.sessions.unshift(session);
  grant.sessions = { live: grant.sessions.live + 1, total: grant.sessions.total + 1 };
  return session;
}

/** A weekday at work: one request waits, one grant is used, one is about to end, and some history. */
export function busyDay(): World {
  const world: World = {
    resources: resources(),
    requests: [],
    grants: [],
    sessions: [],
    events: [],
    recordings: [],
    nextNumber: 100,
  };
  const ended = grantOf(world, engineer, 'prod-rds', -9_000, -7_200);
  Object.assign(ended, {
    state: 'ended',
    endReason: 'revoked',
    endComment: 'laptop reported lost',
    endedAt: isoIn(-7_200),
  });
  const gone = sessionOn(world, ended, 8_400);
  Object.assign(gone, { state: 'closed', endReason: 'revoked', closedAt: isoIn(-7_200) });
  ended.sessions = { live: 0, total: 1 };
  const web = grantOf(world, engineer, 'prod-web', -1_080, 2_520);
  sessionOn(world, web, 540);
  sessionOn(world, web, 95).state = 'reconnecting';
  grantOf(world, engineer, 'staging-rds', -3_100, 500);
  const denied = pendingRequest(world, outsider, {
    resource: 'prod-rds',
    durationSeconds: 14_400,
    reason: 'having a look',
    askedSecondsAgo: 94_000,
  });
  Object.assign(denied, { state: 'denied', decidedAt: isoIn(-93_600) });
  denied.reviews = [
    {
      id: newId(world, 'rev'),
      reviewer: ref(approver),
      automatic: false,
      verdict: 'deny',
      comment: 'Please ask with a ticket, and for staging first.',
      at: isoIn(-93_600),
    },
  ];
  pendingRequest(world, outsider, {
    resource: 'prod-web',
    durationSeconds: 1_800,
    reason: 'Check the banner of the spring sale before it goes live',
    askedSecondsAgo: 180,
  });
  pendingRequest(world, engineer, {
    resource: 'prod-rds',
    durationSeconds: 7_200,
    reason: 'INC-4312 slow checkout query; I want to read the plans of the three slowest statements',
    askedSecondsAgo: 40,
    ticket: 'INC-4312',
  });
  world.events = story.map((each, index) => event(world, 4_200 - index, each));
  return world;
}

/** A new installation in which nothing has happened. */
export function quietDay(): World {
  return {
    resources: resources(),
    requests: [],
    grants: [],
    sessions: [],
    events: [],
    recordings: [],
    nextNumber: 100,
  };
}
