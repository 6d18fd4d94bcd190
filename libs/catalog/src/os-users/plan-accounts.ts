import { accountNameOf } from './account-name.ts';
import type { HostFacts, KeyFile, OwnAccount } from './host-facts.ts';

/** Whose accounts a gateway has, and how they are made. */
export interface GatewayAccounts {
  /** The group of people whose members have an account. */
  readonly group: string;
  readonly shell: string;
  /** Groups of the host that each account is put into. */
  readonly groups: readonly string[];
  /** Numbers for new accounts, both ends included. */
  readonly uids: { readonly from: number; readonly to: number };
  /** The control plane applies what a change of membership asks for, without being told. */
  readonly sync: boolean;
}

/** Somebody who is in the group now. */
export interface Member {
  readonly id: string;
  readonly email: string;
}

/** One thing to be done on a host, and to nothing but an account of ours. */
export type AccountChange =
  | {
      readonly kind: 'create';
      readonly name: string;
      readonly personId: string;
      readonly uid: number;
      readonly shell: string;
      readonly groups: readonly string[];
    }
  | {
      readonly kind: 'unlock';
      readonly name: string;
      readonly personId: string;
      readonly shell: string;
      readonly groups: readonly string[];
    }
  /** Locks, expires, takes it out of groups and ends what it runs; `end` does the last alone. */
  | { readonly kind: 'lock' | 'end'; readonly name: string; readonly personId: string };

/** Somebody who gets no account, or somebody's account that is left as it is. */
export interface AccountRefusal {
  readonly name: string | null;
  readonly personIds: readonly string[];
  readonly reason: string;
}

/** Keys that let in whom no membership answers for; listed, never removed. */
export interface OwnerlessKeys extends KeyFile {
  readonly why: string;
}

export interface HostPlan {
  readonly changes: readonly AccountChange[];
  /** Changes beyond what one command carries: the next plan has them. */
  readonly later: number;
  readonly refused: readonly AccountRefusal[];
  readonly ownerlessKeys: readonly OwnerlessKeys[];
}

/** What one command carries. */
export const changesMax = 50;

/**
 * What has to change on a host so that the members of the group, and nobody else, have an account of Sallyport there.
 * Accounts of others are never touched, and no account is ever given to a second person.
 */
export function planAccounts(rules: GatewayAccounts, members: readonly Member[], facts: HostFacts): HostPlan {
  const refused: AccountRefusal[] = [];
  const wanted: AccountChange[] = [];
  const missing = rules.groups.filter((group) => !facts.groups.has(group));
  const free = freeNumbers(rules.uids, facts);
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const member of sorted) {
    const own = facts.own.find(({ personId }) => personId === member.id);
    const objection = own ? objectionToOwn(own, member) : objectionToNew(member, sorted, facts);
    if (objection !== undefined) {
      refused.push(objection);
      continue;
    }
    if (own?.state === 'open') continue;
    const name = nameOf(member) ?? '';
    const about = { name, personId: member.id };
    if (missing.length > 0) {
      refused.push(refusal(member, `the host has no group ${missing.join(', ')}`));
      continue;
    }
    const { shell, groups } = rules;
    if (own) wanted.push({ kind: 'unlock', ...about, shell, groups });
    else {
      const uid = free.next().value;
      if (uid === undefined) refused.push(refusal(member, 'no number of an account is left'));
      else wanted.push({ kind: 'create', ...about, uid, shell, groups });
    }
  }
  const leaving = leavingOf(members, facts);
  // Who leaves comes first: what one command does not carry must not be their access.
  const changes = [...leaving, ...wanted];
  return {
    changes: changes.slice(0, changesMax),
    later: Math.max(0, changes.length - changesMax),
    refused: withoutRepeats(refused),
    ownerlessKeys: ownerless(members, facts),
  };
}

function leavingOf(members: readonly Member[], facts: HostFacts): AccountChange[] {
  return facts.own
    .filter(({ personId }) => members.every(({ id }) => id !== personId))
    .flatMap(({ name, personId, state, processes }): AccountChange[] => {
      if (state !== 'locked') return [{ kind: 'lock', name, personId }];
      return processes > 0 ? [{ kind: 'end', name, personId }] : [];
    });
}

function objectionToOwn(own: OwnAccount, member: Member): AccountRefusal | undefined {
  const name = nameOf(member);
  if (name !== own.name)
    return { ...refusal(member, `the account of this person is ${own.name}`), name: own.name };
  return own.state === 'closed' ? refusal(member, 'somebody closed the account on the host') : undefined;
}

function objectionToNew(
  member: Member,
  members: readonly Member[],
  facts: HostFacts,
): AccountRefusal | undefined {
  const derived = accountNameOf(member.email);
  if ('reason' in derived) return refusal(member, derived.reason);
  const { name } = derived;
  const same = members.filter((other) => nameOf(other) === name);
  if (same.length > 1)
    return { name, personIds: same.map(({ id }) => id), reason: 'several people would have this name' };
  const held = facts.own.find((own) => own.name === name);
  if (held)
    return {
      name,
      personIds: [member.id, held.personId],
      reason: 'the account is that of somebody else, and stays theirs',
    };
  if (facts.others.has(name)) return refusal(member, 'the host has an account of this name');
  if (facts.groups.has(name)) return refusal(member, 'the host has a group of this name');
  if (facts.homes.has(name)) return refusal(member, 'the host has a home of this name, without its account');
  return undefined;
}

function nameOf({ email }: Member): string | undefined {
  const derived = accountNameOf(email);
  return 'name' in derived ? derived.name : undefined;
}

function refusal(member: Member, reason: string): AccountRefusal {
  return { name: nameOf(member) ?? null, personIds: [member.id], reason };
}

function* freeNumbers(
  { from, to }: GatewayAccounts['uids'],
  { own, others }: HostFacts,
): Generator<number, undefined> {
  const taken = new Set([...others.values(), ...own.map(({ uid }) => uid)]);
  for (let uid = from; uid <= to; uid += 1) if (!taken.has(uid)) yield uid;
  return undefined;
}

function withoutRepeats(refused: readonly AccountRefusal[]): AccountRefusal[] {
  const text = ({ name, personIds, reason }: AccountRefusal) => [name, ...personIds, reason].join(' ');
  return refused.filter(
    (entry, place) => refused.findIndex((other) => text(other) === text(entry)) === place,
  );
}

function ownerless(members: readonly Member[], { own, keyFiles }: HostFacts): OwnerlessKeys[] {
  return keyFiles.flatMap((file): OwnerlessKeys[] => {
    if (file.keys === 0) return [];
    if (file.owner === null) return [{ ...file, why: 'no account has this home' }];
    const account = own.find(({ name }) => name === file.owner);
    if (account === undefined) return [{ ...file, why: 'the account is that of no person' }];
    const stays = members.some(({ id }) => id === account.personId);
    return stays ? [] : [{ ...file, why: 'the person has left the group' }];
  });
}
