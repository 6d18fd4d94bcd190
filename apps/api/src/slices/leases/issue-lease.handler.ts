import {
  activateGrant,
  intendLease,
  settleLease,
  usableGrant,
  type ActiveGrant,
  type Decision,
  type Lease,
  type LeaseOutcome,
  type LeaseUse,
  type Person,
} from '@sallyport/access-domain';
import {
  accountNameOf,
  databaseUserOf,
  forAccount,
  isOwnAccount,
  pushedUserOf,
  runAsOf,
  type ChosenPurpose,
  type Resource,
} from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { GatewayInstance } from '../../platform/aws/inventory/gateway-inventory.ts';
import type { IssuedLease, LeaseIssuer } from '../../platform/aws/issuer/lease-issuer.ts';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { Metrics } from '../../platform/telemetry/metrics.ts';
import type { KnownAgent } from '../agents/index.ts';
import type { KnownResource, ResourceDirectory } from '../catalog/index.ts';
import { grantHint, type GrantStore } from '../grants/index.ts';
import type { OsAccountStore } from '../os-users/index.ts';
import { leaseWindowMs, type LeaseStore } from './lease.prisma-store.ts';
import { choosePurpose, demandKept, useOf, type PurposeAsked } from './choose-purpose.ts';
import type { DemandsOfGrant } from './demands-of-grant.query.ts';
import type { FindLeaseTarget, LeaseTargetSeen } from './lease-target.ts';

export interface LeaseInHand {
  readonly lease: Lease;
  readonly credentials: IssuedLease;
  readonly resource: KnownResource;
  /** The gateway that it leads through, as AWS shows it. */
  readonly instance: GatewayInstance;
  readonly agent: KnownAgent | null;
  /** What it is for. */
  readonly chosen: ChosenPurpose;
  /** Whether the client must record what is shown. */
  readonly clientRecording: boolean;
}

/** What a client asks of a lease. */
export interface LeaseAsked extends PurposeAsked {
  /** Instances that the client found dead. */
  readonly avoid?: readonly string[];
}

/** Issues one lease: intent, call and outcome, each committed before the next. */
export class IssueLease {
  readonly #grants: GrantStore;
  readonly #leases: LeaseStore;
  readonly #resources: ResourceDirectory;
  readonly #target: FindLeaseTarget;
  readonly #demands: DemandsOfGrant;
  readonly #issuer: LeaseIssuer;
  readonly #accounts: OsAccountStore;
  readonly #metrics: Metrics;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly grants: GrantStore;
      readonly leases: LeaseStore;
      readonly resources: ResourceDirectory;
      readonly target: FindLeaseTarget;
      readonly demands: DemandsOfGrant;
      readonly issuer: LeaseIssuer;
      readonly accounts: OsAccountStore;
      readonly metrics: Metrics;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#grants = sources.grants;
    this.#leases = sources.leases;
    this.#resources = sources.resources;
    this.#target = sources.target;
    this.#demands = sources.demands;
    this.#issuer = sources.issuer;
    this.#accounts = sources.accounts;
    this.#metrics = sources.metrics;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses as the README of this slice lists. */
  async run(grantId: string, person: Person, asked: LeaseAsked = {}): Promise<LeaseInHand> {
    const avoid = asked.avoid ?? [];
    const grant = await this.#usable(grantId, person);
    const resource = this.#resources.byName(grant.resource.name);
    if (!resource) throw new Problem('RESOURCE_UNKNOWN', { detail: 'The resource is no longer offered.' });
    const chosen = choosePurpose(resource.entry, asked);
    const demands = await this.#demands.of(grantId);
    const clientRecording = demandKept(resource.entry, demands);
    const target = await this.#target.of(resource.entry, chosen, avoid);
    const entry = await this.#forPerson(resource.entry, person, target.instance);
    const use = useOf(entry, chosen, clientRecording);
    const intent = await this.#intend(grantId, person, { ...target, entry, avoid, use });
    const credentials = await this.#issue(intent, { ...resource, entry }, target);
    // Issued or not, it is handed out only while the grant stands: a revocation may have come in between.
    await this.#usable(grantId, person);
    const { instance, agent } = target;
    return {
      lease: intent,
      credentials,
      resource: { ...resource, entry },
      instance,
      agent,
      chosen,
      clientRecording,
    };
  }

  /** The resource with the person's own account, where everybody has one. Refuses with LEASE_OS_ACCOUNT_MISSING. */
  async #forPerson(entry: Resource, person: Person, { instanceId }: GatewayInstance): Promise<Resource> {
    if (!isOwnAccount(entry)) return entry;
    const derived = accountNameOf(person.email);
    const isMember = person.groups.includes(entry.gateway.accounts?.group ?? '');
    if (
      !('name' in derived) ||
      !isMember ||
      !(await this.#accounts.isOpen(instanceId, derived.name, person.id))
    )
      throw new Problem('LEASE_OS_ACCOUNT_MISSING');
    return forAccount(entry, derived.name);
  }

  async #usable(grantId: string, person: Person): Promise<ActiveGrant> {
    const grant = await this.#grants.find(grantId);
    if (!grant) throw new Problem('GRANT_UNKNOWN');
    return accepted(usableGrant(grant, person, this.#effects.clock.now())).next;
  }

  #intend(
    grantId: string,
    person: Person,
    seen: LeaseTargetSeen & { entry: Resource; avoid: readonly string[]; use: LeaseUse },
  ): Promise<Lease> {
    const { entry, avoid, use } = seen;
    return this.#unitOfWork.attempt(async () => {
      const { clock, ids } = this.#effects;
      const now = clock.now();
      const [grant, inFlight, lastMinute] = await Promise.all([
        this.#grants.find(grantId),
        this.#leases.inFlight(grantId),
        this.#leases.askedSince(person.id, now - leaseWindowMs),
      ]);
      if (!grant) throw new Problem('GRANT_UNKNOWN');
      const target = {
        accountId: entry.account.id,
        region: entry.region,
        instanceId: seen.instance.instanceId,
        documentName: seen.document.name,
      };
      const { next, events } = accepted(
        intendLease(grant, { person, inFlight, lastMinute, target, use, avoided: avoid, now, ids }),
      );
      // Its start has come before the timer wrote so: the grant begins with its first lease, in one commit.
      const begun = activateGrant(grant, { now, ids });
      await this.#unitOfWork.commit({
        writes: [
          ...(begun.ok ? [this.#grants.save(begun.next)] : []),
          this.#leases.admit(next),
          this.#leases.insert(next, use),
        ],
        events: begun.ok ? [...begun.events, ...events] : events,
        hints: begun.ok ? [grantHint(begun.next, now)] : [],
      });
      return next;
    });
  }

  async #issue(intent: Lease, { entry }: KnownResource, { instance }: LeaseTargetSeen): Promise<IssuedLease> {
    const { grantId, accountId, region, instanceId, documentName } = intent;
    try {
      const issued = await this.#issuer.issue({
        grantId,
        personId: intent.person.id,
        accountId,
        region,
        instanceId,
        instanceTags: instance.tags,
        documentName,
        databaseUser: databaseUserOf(entry),
        osUser: pushedUserOf(entry),
        runAs: runAsOf(entry),
        keyArn: entry.shell?.keyArn ?? null,
        team: entry.gateway.team,
        leaseEndsAt: intent.usefulUntil,
      });
      const { accessKeyId, awsRequestId, tokenUtilization } = issued;
      await this.#settle(intent, { state: 'issued', accessKeyId });
      const fields = { leaseId: intent.id, grantId, accessKeyId, awsRequestId, tokenUtilization };
      this.#effects.log.write('info', 'lease issued', fields);
      return issued;
    } catch (error) {
      if (!(error instanceof Problem) || !isOfIssuer(error)) throw error;
      await this.#settle(intent, { state: outcomeOf(error), code: error.code });
      throw forTheCaller(error);
    }
  }

  async #settle(intent: Lease, outcome: LeaseOutcome): Promise<void> {
    const { clock, ids } = this.#effects;
    const { next, events } = accepted(settleLease(intent, outcome, { now: clock.now(), ids }));
    await this.#unitOfWork.commit({ writes: [this.#leases.save(next)], events });
    this.#metrics.leases.inc({ outcome: outcome.state });
  }
}

function isOfIssuer({ code }: Problem): boolean {
  return code.startsWith('AWS_') || code === 'LEASE_SELF_CHECK_FAILED' || code === 'INTERNAL_ERROR';
}

/** A lost answer, or a bug on the way, may hide a success; everything else surely did not happen. */
function outcomeOf({ code }: Problem): 'failed' | 'unknown' {
  return code === 'AWS_ANSWER_LOST' || code === 'INTERNAL_ERROR' ? 'unknown' : 'failed';
}

function forTheCaller(error: Problem): Problem {
  if (error.kind === 'bug') return error;
  const said = error.occurrence.detail === undefined ? '' : ` ${error.occurrence.detail}`;
  const detail = `AWS gave no credentials (${error.code}).${said}`;
  // What AWS has refused, it refuses again in a moment.
  const passing = error.code !== 'AWS_DENIED' && error.code !== 'AWS_CREDENTIALS_MISSING';
  return new Problem('LEASE_UNAVAILABLE', {
    ...{ detail, cause: error },
    ...(passing ? { retryAfterSeconds: 2 } : {}),
  });
}

/** The decision when it is a yes; its refusal as a Problem otherwise. */
function accepted<T>(decision: Decision<T>): Extract<Decision<T>, { ok: true }> {
  if (decision.ok) return decision;
  throw new Problem(decision.refusal.code, decision.refusal);
}
