/** The decision slices on a real database, in simulated time, with gateways and sessions that the test controls. */
import { readFileSync } from 'node:fs';
import type { Person } from '@sallyport/access-domain';
import { readCatalog } from '@sallyport/catalog';
import { parse } from 'yaml';
import { GatewayDirectory } from '../platform/aws/inventory/gateway-directory.ts';
import { GatewayInventory } from '../platform/aws/inventory/gateway-inventory.ts';
import { DueWork } from '../platform/jobs/due-work.ts';
import { Outbox } from '../platform/outbox/outbox.ts';
import { AccessRequestStore } from '../slices/access-requests/access-request.prisma-store.ts';
import { AccessRequestsQuery } from '../slices/access-requests/access-requests.query.ts';
import { CloseAccessRequest } from '../slices/access-requests/close-access-request.handler.ts';
import { ExtendGrant } from '../slices/access-requests/extend-grant.handler.ts';
import { FactsOfRequest } from '../slices/access-requests/facts-of-request.ts';
import { RecordRequest } from '../slices/access-requests/record-request.ts';
import { SubmitAccessRequest } from '../slices/access-requests/submit-access-request.handler.ts';
import { AuditEventsQuery } from '../slices/audit/audit-events.query.ts';
import { keepCatalog } from '../slices/catalog/resource.prisma-store.ts';
import { ResourcesQuery } from '../slices/catalog/resources.query.ts';
import { ChangeGrant } from '../slices/grants/change-grant.handler.ts';
import { GrantStore, sweepTopic } from '../slices/grants/grant.prisma-store.ts';
import { GrantsQuery } from '../slices/grants/grants.query.ts';
import { SessionTerminator } from '../slices/grants/session-terminator.ts';
import { SweepEvidence } from '../slices/grants/sweep-evidence.query.ts';
import { SweepGrant } from '../slices/grants/sweep-grant.handler.ts';
import { readPoliciesFile } from '../slices/policies/policies.ts';
import { KeptPolicies } from '../slices/policies/policy-version.prisma-store.ts';
import { UsualWait } from '../slices/policies/usual-wait.query.ts';
import { RecordReview } from '../slices/reviews/record-review.handler.ts';
import { openTestDatabase, type TestDatabase, type TestServer } from './database.ts';

const config = (name: string) => new URL(`../../../../config/${name}`, import.meta.url).pathname;

class OneGateway extends GatewayInventory {
  instanceId = 'i-0123456789abcdef0';
  reachable = true;
  find() {
    if (!this.reachable) return Promise.reject(new Error('no answer'));
    const tags = {
      'jit-managed': 'true',
      'jit-team': 'platform',
      ServerType: 'bastion',
      AccessGranted: 'true',
    };
    return Promise.resolve([{ instanceId: this.instanceId, tags, state: 'online' as const }]);
  }
  readDocument() {
    return Promise.resolve(null);
  }
  readLogGroup() {
    return Promise.resolve(null);
  }
  readBucket() {
    return Promise.resolve(null);
  }
}

class ListedSessions extends SessionTerminator {
  /** Ids that live at AWS; a sweep ends them. */
  readonly alive = new Map<string, string[]>();
  readonly sweeps: { grantId: string; at: number }[] = [];
  readonly #now: () => number;
  constructor(now: () => number) {
    super();
    this.#now = now;
  }
  sweep(grantId: string): Promise<string[]> {
    this.sweeps.push({ grantId, at: this.#now() });
    const found = this.alive.get(grantId) ?? [];
    this.alive.delete(grantId);
    return Promise.resolve(found);
  }
}

const people = {
  engineer: { roles: ['engineer'], groups: ['engineers'] },
  approver: { roles: ['engineer', 'approver'], groups: ['engineers', 'db-owners', 'production-owners'] },
  second: { roles: ['engineer', 'approver'], groups: ['engineers', 'db-owners'] },
  admin: { roles: ['engineer', 'admin'], groups: ['engineers'] },
  auditor: { roles: ['auditor'], groups: [] },
  outsider: { roles: ['engineer'], groups: ['contractors'] },
} as const;

export type StagePeople = Readonly<Record<keyof typeof people, Person>>;

async function addPeople({ client, effects }: TestDatabase): Promise<StagePeople> {
  const at = new Date(effects.clock.now());
  const rows = Object.entries(people).map(([name, { roles, groups }]) => ({
    id: effects.ids.make('prs'),
    email: `${name}@example.com`,
    name,
    roles: [...roles],
    groups: [...groups],
    createdAt: at,
    updatedAt: at,
  }));
  await client.person.createMany({ data: rows });
  return Object.fromEntries(rows.map((row) => [row.name, row])) as unknown as StagePeople;
}

/** Written behind the committed catalogue: a resource that people see and cannot be granted. */
const listedAlone = `
  - name: batch-1
    kind: ssh
    title: Batch server
    description: Listed so that people find it.
    environment: production
    team: web
    gateway: web-1
    connectable: false
    reason: Not offered yet.
    recording: { recorded: false, statement: Nothing. }
`;

/** Every handler of requests, reviews and grants, joined as the modules join them. */
export async function aStage(server: TestServer) {
  const database = await openTestDatabase(server);
  const { client, effects, unitOfWork } = database;
  const staff = await addPeople(database);
  const inventory = new OneGateway();
  const gateways = new GatewayDirectory(inventory, effects.clock);
  const catalog = readCatalog(readFileSync(config('catalog.yaml'), 'utf8') + listedAlone, parse);
  const directory = await keepCatalog(client, catalog, effects);
  const policies = await KeptPolicies.keep(
    client,
    readPoliciesFile(config('policies.yaml')),
    effects.clock.now(),
  );
  const usualWait = new UsualWait(client, effects);
  const grantStore = new GrantStore(client);
  const requestStore = new AccessRequestStore(client);
  const facts = new FactsOfRequest({ directory, gateways, grants: grantStore }, effects);
  const closeRequest = new CloseAccessRequest(requestStore, unitOfWork, effects);
  const stores = { requests: requestStore, grants: grantStore };
  const submitSources = {
    ...stores,
    directory,
    policies,
    record: new RecordRequest({ ...stores, facts }, unitOfWork, effects),
    close: closeRequest,
  };
  const changeGrant = new ChangeGrant(grantStore, unitOfWork, effects);
  const terminator = new ListedSessions(() => effects.clock.now());
  const sweep = new SweepGrant(
    { grants: grantStore, evidence: new SweepEvidence(client), terminator },
    unitOfWork,
    effects,
  );
  const outbox = new Outbox(client, effects, unitOfWork);
  outbox.register(sweepTopic, sweep.handler());
  const dueWork = new DueWork(effects, unitOfWork);
  dueWork.register(closeRequest.job());
  dueWork.register(changeGrant.job());
  return {
    ...database,
    ...{ staff, inventory, terminator, catalog, directory, policies, outbox, dueWork },
    ...{ requestStore, grantStore, changeGrant, closeRequest },
    submit: new SubmitAccessRequest(submitSources, unitOfWork, effects),
    extend: new ExtendGrant(submitSources, unitOfWork, effects),
    review: new RecordReview({ ...stores, facts, policies, directory }, unitOfWork, effects),
    requests: new AccessRequestsQuery(client, effects, usualWait),
    grants: new GrantsQuery(client, effects, { policies, directory }),
    resources: new ResourcesQuery(client, effects, { directory, policies, gateways, usualWait }),
    audit: new AuditEventsQuery(client),
    async close() {
      await dueWork.stop();
      await outbox.stop();
      await database.close();
    },
  };
}

export type Stage = Awaited<ReturnType<typeof aStage>>;

/** A wish that the policies admit; a test states only what matters to it. */
export function aWish(given: Partial<Parameters<SubmitAccessRequest['submit']>[1]> = {}) {
  return {
    resources: ['prod-rds'],
    durationSeconds: 1800,
    reason: 'INC-1',
    ticket: null,
    startsAt: null,
    ...given,
  };
}

/** An approval of everything, of the facts as they are shown. */
export async function anApproval(stage: Stage, requestId: string, given: object = {}) {
  const { factsDigest } = await stage.requests.read(stage.staff.auditor, requestId);
  return {
    verdict: 'approve' as const,
    factsDigest: factsDigest ?? '',
    comment: null,
    only: null,
    durationSeconds: null,
    ...given,
  };
}
