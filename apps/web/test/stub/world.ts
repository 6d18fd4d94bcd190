import { createHash } from 'node:crypto';
import type {
  AccessRequest,
  AuditEvent,
  Facts,
  FactsItem,
  Grant,
  Me,
  PersonRef,
  Resource,
  Session,
} from '@sallyport/api-client';
import type { StubRecording } from './recordings.ts';

/** A person who can sign in to the stub; every password is `door-` and the name. */
export interface StubPerson extends PersonRef {
  roles: Me['roles'];
  groups: string[];
}

const idOf = (prefix: string, number: number) => `${prefix}_01JD7Q8ZK4${String(number).padStart(16, '0')}`;

function person(
  number: number,
  name: string,
  account: string,
  roles: Me['roles'],
  groups: string[],
): StubPerson {
  return { id: idOf('prs', number), name, email: `${account}@example.com`, roles, groups };
}

export const people = {
  engineer: person(1, 'Elif Aydin', 'engineer', ['engineer'], ['engineers']),
  approver: person(2, 'Amara Okafor', 'approver', ['engineer', 'approver'], ['db-owners']),
  admin: person(3, 'Ada Lindqvist', 'admin', ['admin'], ['platform', 'db-owners']),
  auditor: person(4, 'Otis Novak', 'auditor', ['auditor'], []),
  outsider: person(5, 'Omar Reyes', 'outsider', ['engineer'], []),
};

export const ref = ({ id, name, email }: PersonRef): PersonRef => ({ id, name, email });

type ResourceSketch = Pick<Resource, 'name' | 'kind' | 'title' | 'host' | 'port'> & Partial<Resource>;

function resource(number: number, sketch: ResourceSketch): Resource {
  const production = sketch.name.startsWith('prod') || sketch.name.startsWith('web-1');
  return {
    id: idOf('rsc', number),
    description: sketch.title,
    environment: production ? 'production' : 'staging',
    tags: { team: 'platform' },
    account: { id: '111122223333', name: production ? 'shop-production' : 'shop-staging' },
    region: 'eu-west-1',
    gateway: {
      selector: { ServerType: 'bastion', AccessGranted: 'true' },
      instanceId: 'i-0ab12cd34ef567890',
      state: 'online',
    },
    connectable: true,
    notConnectable: null,
    rule: {
      policy: production ? 'production' : 'staging',
      maxDurationSeconds: 8 * 3_600,
      defaultDurationSeconds: 3_600,
      reasonRequired: production,
      reasonExample: 'INC-4312 slow checkout query',
      autoApproved: !production,
      reviewers: production ? ['db-owners'] : [],
      usualWaitSeconds: production ? 240 : null,
    },
    recording: {
      recorded: false,
      where: null,
      statement: 'Content is not recorded; opening, bytes and end are.',
    },
    mine: { state: 'none', requestId: null, grantId: null, endsAt: null },
    ...sketch,
  };
}

const shop = { name: 'shop', role: 'app_ro', auth: 'none' } as const;

export function resources(): Resource[] {
  return [
    resource(1, {
      name: 'prod-rds',
      kind: 'database',
      title: 'Orders and customers of the shop, read only',
      host: 'prod-db.internal',
      port: 5432,
      protocol: 'postgresql',
      database: shop,
    }),
    resource(2, {
      name: 'prod-web',
      kind: 'port',
      title: 'Admin pages of the shop',
      host: '10.0.2.60',
      port: 8080,
      protocol: 'http',
    }),
    resource(3, {
      name: 'web-1',
      kind: 'ssh',
      title: 'First web server',
      host: null,
      port: 22,
      protocol: 'ssh',
      ssh: { user: 'web-ops', port: 22, instanceConnect: true },
    }),
    resource(6, {
      name: 'web-1-shell',
      kind: 'shell',
      title: 'Shell on the first web server',
      host: null,
      port: null,
      shell: {
        ...{ runAs: 'web-ops', login: true, encrypted: true, clientRecording: true },
        commands: { which: 'any', listed: [] },
        keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/5a1e7b0c-2d3f-4a5b-8c6d-7e8f90a1b2c3',
        logs: { to: 'cloudWatch', place: '/jit/shell', prefix: null },
      },
    }),
    resource(4, {
      name: 'prod-vpc',
      kind: 'subnet',
      title: 'The whole production network',
      host: null,
      port: null,
      cidr: '10.0.0.0/16',
      network: {
        routes: [
          { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' },
          { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'udp' },
          { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' },
        ],
        suffixes: ['internal'],
        resolver: '10.0.0.2',
        carries: ['tcp', 'udp', 'icmp'],
        way: 'agent',
        everything: false,
      },
    }),
    resource(5, {
      name: 'staging-rds',
      kind: 'database',
      title: 'Copy of the shop with invented customers',
      host: 'staging-db.internal',
      port: 5432,
      protocol: 'postgresql',
      database: shop,
    }),
  ];
}

function sessionPolicy(instanceId: string, document: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'StartThisOne',
        Effect: 'Allow',
        Action: 'ssm:StartSession',
        Resource: [
          `arn:aws:ec2:eu-west-1:111122223333:instance/${instanceId}`,
          `arn:aws:ssm:eu-west-1:111122223333:document/${document}`,
        ],
        Condition: {
          BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' },
          DateLessThan: { 'aws:CurrentTime': '${lease end: at most 120 s after issue}' },
        },
      },
    ],
  };
}

/** The facts a reviewer sees, derived from the resource and never from what the requester wrote. */
export function factsOf(request: AccessRequest, requester: StubPerson, all: readonly Resource[]): Facts {
  const items = request.items.map((item): FactsItem => {
    const found = all.find(({ id }) => id === item.resource.id)!;
    const document = `jit-${found.name}`;
    const instanceId = found.gateway.instanceId ?? 'i-0ab12cd34ef567890';
    return {
      resource: item.resource,
      title: found.title,
      reach: {
        host: found.host,
        port: found.port,
        protocol: found.protocol ?? null,
        database: found.database?.name ?? null,
        databaseRole: found.database?.role ?? null,
      },
      ...(found.network ? { network: found.network } : {}),
      ...(found.ssh ? { ssh: found.ssh } : {}),
      ...(found.shell ? { shell: found.shell } : {}),
      gateway: { instanceId, selector: found.gateway.selector },
      account: found.account,
      region: found.region,
      document: { name: document, sha256: createHash('sha256').update(document).digest('hex') },
      sessionPolicy: sessionPolicy(instanceId, document),
      recording: found.recording,
      adds: `${requester.name} reaches nothing in ${found.account.name} now; this adds ${found.name} alone.`,
    };
  });
  return {
    requester: { ...ref(requester), groups: requester.groups },
    reason: request.reason,
    ticket: request.ticket,
    durationSeconds: request.durationSeconds,
    startsAt: request.startsAt,
    items,
    history: { asked30d: 3, used30d: 2 },
  };
}

/** A digest with the one property that matters here: other facts, other digest. */
export function digestOf({ history: _history, ...facts }: Facts): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/** Everything the stub knows. */
export interface World {
  resources: Resource[];
  requests: AccessRequest[];
  grants: Grant[];
  sessions: Session[];
  events: AuditEvent[];
  recordings: StubRecording[];
  nextNumber: number;
}

export function newId(world: World, prefix: string): string {
  world.nextNumber += 1;
  return idOf(prefix, world.nextNumber);
}

export const isoIn = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

function extensionOf({ id, startsAt, endsAt }: Grant, seconds: number) {
  const until = new Date(Date.parse(endsAt) + seconds * 1_000).toISOString();
  return { grantId: id, startedAt: startsAt, endsAt, until };
}

/** A request that waits, with facts and digest. */
export function pendingRequest(
  world: World,
  requester: StubPerson,
  wanted: {
    resource: string;
    durationSeconds: number;
    reason: string;
    askedSecondsAgo?: number;
    ticket?: string;
    extending?: Grant;
  },
): AccessRequest {
  const found = world.resources.find(({ name }) => name === wanted.resource)!;
  const { id, name, kind } = found;
  const createdAt = isoIn(-(wanted.askedSecondsAgo ?? 0));
  const request: AccessRequest = {
    id: newId(world, 'req'),
    state: 'pending',
    version: 1,
    requester: ref(requester),
    items: [{ id: newId(world, 'itm'), state: 'pending', resource: { id, name, kind }, grantId: null }],
    reason: wanted.reason,
    ticket: wanted.ticket ?? null,
    durationSeconds: wanted.durationSeconds,
    createdAt,
    startsAt: null,
    lapsesAt: isoIn(24 * 3_600),
    decidedAt: null,
    reviews: [],
    reviewers: found.rule.reviewers,
    usualWaitSeconds: found.rule.usualWaitSeconds,
    mayReview: false,
    mayCancel: false,
    facts: null,
    factsDigest: null,
    extension: wanted.extending ? extensionOf(wanted.extending, wanted.durationSeconds) : null,
  };
  request.facts = factsOf(request, requester, world.resources);
  request.factsDigest = digestOf(request.facts);
  world.requests.unshift(request);
  return request;
}
