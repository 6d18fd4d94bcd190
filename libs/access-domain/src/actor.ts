import type { PersonId } from './ids.ts';

export const roles = ['engineer', 'approver', 'admin', 'auditor'] as const;
export type Role = (typeof roles)[number];

/** A person as other things mention them. */
export interface PersonRef {
  readonly id: PersonId;
  readonly name: string;
  readonly email: string;
}

/** A person with what decisions about them rest on. */
export interface Person extends PersonRef {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Who did something: a person, or the product itself (a timer, a policy, a lost heartbeat). */
export type Actor =
  | ({ readonly kind: 'person' } & PersonRef)
  | { readonly kind: 'system'; readonly id: null; readonly name: string; readonly email: null };

export const systemActor: Actor = { kind: 'system', id: null, name: 'Sallyport', email: null };

export function personActor({ id, name, email }: PersonRef): Actor {
  return { kind: 'person', id, name, email };
}

/** How sentences call an actor. */
export function actorName(actor: Actor): string {
  return actor.kind === 'person' ? actor.email : actor.name;
}

export function hasRole(person: Person, role: Role): boolean {
  return person.roles.includes(role);
}

/** True when the person is in at least one of the groups. */
export function inAnyGroup(person: Person, groups: readonly string[]): boolean {
  return groups.some((group) => person.groups.includes(group));
}
