import { favouring, happened, personActor, type Person } from '@sallyport/access-domain';
import { isOwnAccount } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { NewOutboxEntry, UnitOfWork } from '../../platform/database/unit-of-work.ts';
import type { OutboxHandler } from '../../platform/outbox/outbox.ts';
import { offered, type ResourceDirectory } from '../catalog/index.ts';
import type { ChangeGrant, GrantStore } from '../grants/index.ts';
import type { SyncAccounts } from '../os-users/index.ts';
import type { Policies } from '../policies/index.ts';
import type { MembershipStore } from './membership.prisma-store.ts';

/** Work that follows when somebody left a group: their grants that no policy gives any more end. */
export const leftTopic = 'group.left';

const groupName = /^[a-z][a-z0-9-]{0,39}$/;

/** Puts people into groups and takes them out; what they had by a group ends with it. */
export class ChangeMembership {
  readonly #store: MembershipStore;
  readonly #grants: GrantStore;
  readonly #change: ChangeGrant;
  readonly #policies: Policies;
  readonly #directory: ResourceDirectory;
  readonly #sync: SyncAccounts;
  readonly #unitOfWork: UnitOfWork;
  readonly #effects: Effects;

  constructor(
    sources: {
      readonly store: MembershipStore;
      readonly grants: GrantStore;
      readonly change: ChangeGrant;
      readonly policies: Policies;
      readonly directory: ResourceDirectory;
      readonly sync: SyncAccounts;
    },
    unitOfWork: UnitOfWork,
    effects: Effects,
  ) {
    this.#store = sources.store;
    this.#grants = sources.grants;
    this.#change = sources.change;
    this.#policies = sources.policies;
    this.#directory = sources.directory;
    this.#sync = sources.sync;
    this.#unitOfWork = unitOfWork;
    this.#effects = effects;
  }

  /** Refuses with INPUT_INVALID, PERSON_UNKNOWN and GROUP_OF_ONESELF; who is in it already stays. */
  async join(group: string, email: string, by: Person): Promise<Person> {
    return this.#to(group, email, by, (groups) => [...groups, group].sort());
  }

  /** Refuses with INPUT_INVALID and PERSON_UNKNOWN; who is not in it is content. */
  async leave(group: string, email: string, by: Person): Promise<Person> {
    return this.#to(group, email, by, (groups) => groups.filter((name) => name !== group));
  }

  /** Ends the grants of somebody who left that no policy would give them now. */
  endGrants(): OutboxHandler {
    return async (payload) => {
      const { personId, group } = payload as { personId: string; group: string };
      const person = await this.#store.byId(personId);
      if (!person) return { ended: [] };
      const ended: string[] = [];
      for (const grant of await this.#grants.standing(personId)) {
        if (this.#stillGiven(grant.resource.name, person)) continue;
        await this.#change.leave(grant.id, group);
        ended.push(grant.id);
      }
      return { ended };
    };
  }

  #stillGiven(resourceName: string, person: Person): boolean {
    const resource = this.#directory.byName(resourceName);
    // What is offered no more is not judged here; it gives no lease either.
    if (!resource) return true;
    const { entry } = resource;
    if (isOwnAccount(entry) && !person.groups.includes(entry.gateway.accounts?.group ?? '')) return false;
    return favouring(this.#policies.inForce(), person, offered(resource)).length > 0;
  }

  async #to(
    group: string,
    email: string,
    by: Person,
    change: (groups: readonly string[]) => string[],
  ): Promise<Person> {
    if (!groupName.test(group))
      throw new Problem('INPUT_INVALID', {
        errors: [{ field: 'group', message: 'is not a group of people like engineers' }],
      });
    return this.#unitOfWork.attempt(async () => {
      const person = await this.#store.byEmail(email);
      if (!person) throw new Problem('PERSON_UNKNOWN');
      const groups = change(person.groups.filter((name) => name !== group));
      const joins = groups.includes(group);
      if (joins && person.id === by.id) throw new Problem('GROUP_OF_ONESELF');
      if (joins === person.groups.includes(group)) return person;
      const { clock, ids } = this.#effects;
      const occasion = { actor: personActor(by), now: clock.now(), ids };
      const event = happened(
        occasion,
        joins ? 'group.joined' : 'group.left',
        { subject: { id: person.id, name: person.name, email: person.email } },
        { group },
      );
      const left: NewOutboxEntry = {
        topic: leftTopic,
        key: `group-left:${event.id}`,
        payload: { personId: person.id, group },
      };
      await this.#unitOfWork.commit({
        writes: [this.#store.change(person, groups, occasion.now)],
        events: [event],
        outbox: [...(joins ? [] : [left]), ...this.#sync.after(group, event.id)],
      });
      return { ...person, groups };
    });
  }
}
