import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accountNameOf, isPersonalAccount } from './account-name.ts';
import { osUsersPatterns, stepText } from './host-document.ts';
import { parseHostFacts } from './host-facts.ts';
import { planAccounts } from './plan-accounts.ts';

const ids = fc
  .uniqueArray(fc.integer({ min: 0, max: 9_999 }), { maxLength: 12 })
  .map((numbers) => numbers.map((n) => `prs_01JZ8Q4T7M3N5P6R8S9V0W${String(n).padStart(4, '0')}`));
/** Addresses that people might really have, and those that somebody makes up to get further. */
const localPart = fc.oneof(
  fc.constantFrom(
    'ada',
    'Ada',
    'ada.l',
    'ada-l',
    'root',
    'ssm-user',
    'web-ops',
    'bob',
    '$(id)',
    "';id;'",
    'a b',
    'x:0',
  ),
  fc.string({ maxLength: 40, unit: 'binary' }),
);
const state = fc.constantFrom('open', 'locked', 'closed');
const uids = { from: 20_000, to: 20_005 };
const rules = { group: 'web', shell: '/bin/bash', groups: [], uids, sync: false };

const standings = fc.array(fc.tuple(fc.boolean(), state, fc.nat(2)), { minLength: 12, maxLength: 12 });

it('plans typed words alone, gives no account twice, and touches nothing that is not ours', () => {
  const parts = [ids, fc.array(localPart, { minLength: 12, maxLength: 12 }), standings] as const;
  fc.assert(
    fc.property(...parts, (people, locals, standing) => {
      const everybody = people.map((id, at) => ({ id, email: `${locals[at]}@example.com` }));
      const accounts = everybody.flatMap(({ id }, at) => {
        const [has, how] = standing[at] ?? [false, 'open'];
        return has ? [`account p${at} ${30_000 + at} ${id} ${how}`] : [];
      });
      const running = everybody.map((_, at) => `processes p${at} ${standing[at]?.[2] ?? 0}`);
      const printed = [
        'sallyport-facts 1',
        ...accounts,
        'uids root:0 web-ops:20001',
        'groups root',
        'homes',
        'meanwhile',
        ...running,
        'end',
      ];
      const facts = parseHostFacts(`${printed.join('\n')}\n`);
      const members = everybody.filter((_, at) => at % 2 === 0);
      const { changes, refused } = planAccounts(rules, members, facts);
      expect(changes.map(stepText).join(' ')).toMatch(new RegExp(osUsersPatterns.steps));
      expect(changes.map(stepText).join(' ')).not.toMatch(/['"`$\\;&|<>(){}*?~#\n\r\t]/);
      const names = changes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      const isMember = (id: string) => members.some((member) => member.id === id);
      for (const change of changes) {
        const own = facts.own.find(({ personId }) => personId === change.personId);
        if (change.kind === 'create') {
          expect(own).toBeUndefined();
          expect(isPersonalAccount(change.name) && isMember(change.personId)).toBe(true);
          expect(facts.others.has(change.name) || [...facts.others.values()].includes(change.uid)).toBe(
            false,
          );
        } else expect(own?.name).toBe(change.name);
        if (change.kind === 'lock' || change.kind === 'end') expect(isMember(change.personId)).toBe(false);
      }
      // Everybody in the group has an account that is open, gets one, or is told why not.
      for (const { id } of members) {
        const open = facts.own.some((own) => own.personId === id && own.state === 'open');
        const told = [
          ...changes.map(({ personId }) => personId),
          ...refused.flatMap(({ personIds }) => personIds),
        ];
        expect(open || told.includes(id)).toBe(true);
      }
    }),
  );
});

it('derives a personal account, or none', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60, unit: 'binary' }), (email) => {
      const derived = accountNameOf(email);
      if ('name' in derived) expect(isPersonalAccount(derived.name)).toBe(true);
    }),
  );
});

it('admits by no parameter of the document what a shell would read', () => {
  const crooked = fc.constantFrom(
    "x'; id; '",
    'create:root:0:/bin/sh:-:x',
    '\n',
    'facts\n',
    'lock:ada:prs_$(id)',
  );
  const step = fc.constantFrom(
    'end:ada:',
    'lock:ada:prs_01JZ8Q4T7M3N5P6R8S9V0W0001',
    ' ',
    'facts',
    'a'.repeat(64),
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    crooked,
    fc.array(fc.oneof(step, crooked)).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const pattern of Object.values(osUsersPatterns))
        if (new RegExp(pattern).test(text)) expect(text).toMatch(/^[a-z0-9_:,/ A-Z-]*$/);
    }),
  );
});
