import {
  happened,
  personActor,
  systemActor,
  type AuditEvent,
  type Occasion,
  type PersonRef,
} from '@sallyport/access-domain';
import { parseHostError, parseHostFacts, parseOutcomes, type HostFacts } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import type { OsAccountStore } from './os-account.prisma-store.ts';
import type { GatewayPlan, PlanGateway, PlannedHost } from './plan-gateway.ts';

/** What came of a plan on one host. */
export interface AppliedHost {
  readonly instanceId: string;
  readonly instanceName: string | null;
  /** `changed`: the host was no longer as it was shown, so nothing was done there. */
  readonly state: 'applied' | 'changed' | 'failed';
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

/** A plan that was carried out. */
export interface AppliedPlan {
  readonly digest: string;
  readonly hosts: readonly AppliedHost[];
}

/** Work for the accounts of a gateway that follows its group: queued by who changes the group, and by the clock. */
export const syncTopic = 'os-users.sync';

const words = {
  create: 'os_account.created',
  unlock: 'os_account.unlocked',
  lock: 'os_account.locked',
} as const;

/** Carries out plans: those that somebody was shown, and for gateways that sync those of the moment. */
export class ApplyPlan {
  readonly #plans: PlanGateway;
  readonly #store: OsAccountStore;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(plans: PlanGateway, store: OsAccountStore, unitOfWork: UnitOfWork, effects: Effects) {
    this.#plans = plans;
    this.#store = store;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /**
   * Does exactly what was shown under this digest. Refuses with OS_USERS_PLAN_CHANGED when that would not be done any
   * more, and as planning does; what happened on each host is told, also where some of it failed.
   */
  async run(gateway: string, digest: string, by: PersonRef): Promise<AppliedPlan> {
    const plan = await this.#plans.of(gateway);
    if (plan.digest !== digest) throw new Problem('OS_USERS_PLAN_CHANGED');
    const applied = await this.#carryOut(plan, by);
    if (applied.hosts.length > 0 && applied.hosts.every(({ state }) => state === 'changed'))
      throw new Problem('OS_USERS_PLAN_CHANGED');
    return applied;
  }

  /** Carries out the plan of the moment; asked for again when something of it is left to be done. */
  sync(): OutboxHandler {
    return async (payload) => {
      const { gateway } = payload as { gateway: string };
      if (this.#plans.synced().every(({ name }) => name !== gateway)) return { skipped: true };
      const plan = await this.#plans.of(gateway);
      const { hosts } = await this.#carryOut(plan, undefined);
      // A host that is switched off is looked at with the next quarter of an hour: it may stay so for weeks.
      const failing = plan.unreached.filter(({ code }) => code !== 'GATEWAY_OFFLINE');
      const left = plan.hosts.some(({ later }) => later > 0) || failing.length > 0;
      if (left || hosts.some(({ state }) => state !== 'applied')) throw new Problem('OS_USERS_STEP_FAILED');
      const done = hosts.reduce((sum, { done }) => sum + done.length, 0);
      return { digest: plan.digest, done, unreached: plan.unreached.length };
    };
  }

  async #carryOut(plan: GatewayPlan, by: PersonRef | undefined): Promise<AppliedPlan> {
    const hosts = await Promise.all(plan.hosts.map((host) => this.#onHost(plan, host, by)));
    return { digest: plan.digest, hosts };
  }

  async #onHost(plan: GatewayPlan, host: PlannedHost, by: PersonRef | undefined): Promise<AppliedHost> {
    const { gateway } = plan;
    const { instanceId, tags } = host.instance;
    const about = { instanceId, instanceName: tags['Name'] ?? null };
    if (host.steps.length === 0) {
      await this.#keep(plan, host, host.facts);
      return { ...about, state: 'applied', done: [], failed: [] };
    }
    const answer = await this.#plans.carryOut(gateway, host).catch((error: unknown) => {
      if (error instanceof Problem) return undefined;
      throw error;
    });
    const output = answer?.output ?? '';
    const outcomes = parseOutcomes(output, host.steps);
    const done = outcomes.filter(({ failed }) => failed === null).map(({ step }) => step);
    // A step that nobody told of may have been done: the next plan shows the truth.
    const failed = host.steps.filter((step) => !done.includes(step));
    const changed = parseHostError(output) === 'changed';
    await this.#keep(plan, host, factsIn(output) ?? host.facts, changed ? undefined : { done, failed, by });
    return { ...about, state: changed ? 'changed' : failed.length > 0 ? 'failed' : 'applied', done, failed };
  }

  /** Writes what the host told, and what was done on it, in one commit. */
  async #keep(
    { gateway, digest }: GatewayPlan,
    host: PlannedHost,
    facts: HostFacts,
    did?: { done: readonly string[]; failed: readonly string[]; by: PersonRef | undefined },
  ): Promise<void> {
    const now = this.#effects.clock.now();
    const { instanceId } = host.instance;
    const place = { gateway: gateway.name, instanceId };
    const events: AuditEvent[] = [];
    if (did) {
      const actor = did.by ? personActor(did.by) : systemActor;
      const occasion: Occasion = { actor, now, ids: this.#effects.ids };
      const { done, failed } = did;
      events.push(
        happened(occasion, 'os_users.applied', {}, { ...place, planDigest: digest, done, failed }),
        ...(await this.#eventsOf(occasion, gateway.name, host, done)),
      );
    }
    await this.#unitOfWork.commit({ writes: [this.#store.told(place, facts.own, now)], events });
  }

  async #eventsOf(
    occasion: Occasion,
    gateway: string,
    host: PlannedHost,
    done: readonly string[],
  ): Promise<AuditEvent[]> {
    const people = await this.#store.people(host.changes.map(({ personId }) => personId));
    const { instanceId } = host.instance;
    return host.changes.flatMap(({ kind, name: account, personId }, place): AuditEvent[] => {
      if (kind === 'end' || !done.includes(host.steps[place] ?? '')) return [];
      const subject = people.get(personId);
      const details = { gateway, instanceId, account };
      return [happened(occasion, words[kind], subject ? { subject } : {}, details)];
    });
  }
}

/** The facts that a host told after its steps; undefined when it told none. */
function factsIn(output: string): HostFacts | undefined {
  try {
    return parseHostFacts(output);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
