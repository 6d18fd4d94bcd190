import { describe, expect, it } from 'vitest';
import { parseHostFacts } from './host-facts.ts';
import { osUsersPatterns, parseOutcomes, stepText } from './host-document.ts';
import { changesMax, planAccounts, type GatewayAccounts } from './plan-accounts.ts';

const ada = { id: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2A', email: 'ada@example.com' };
const bob = { id: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2B', email: 'bob.builder@example.com' };
const otherAda = { id: 'prs_01JZ8Q4T7M3N5P6R8S9V0W1X2C', email: 'Ada@other.example.com' };
const rules: GatewayAccounts = {
  group: 'web',
  shell: '/bin/bash',
  groups: ['www'],
  uids: { from: 20_000, to: 20_002 },
  sync: false,
};

/** What a host prints. */
const host = (accounts: string[] = [], { homes = '', meanwhile = [] as string[] } = {}): string =>
  [
    ...[
      'sallyport-facts 1',
      ...accounts,
      'uids root:0 web-ops:1000',
      'groups root www web-ops',
      `homes${homes}`,
    ],
    ...['meanwhile', ...meanwhile, 'end', ''],
  ].join('\n');
const plan = (
  members: { id: string; email: string }[],
  printed = host(),
  over: Partial<GatewayAccounts> = {},
) => {
  const made = planAccounts({ ...rules, ...over }, members, parseHostFacts(printed));
  return { ...made, steps: made.changes.map(stepText) };
};

describe('a plan of accounts', () => {
  it('makes an account for each member who has none, named after them and with the next free number', () => {
    expect(plan([bob, ada]).steps).toEqual([
      `create:ada:20000:/bin/bash:www:${ada.id}`,
      `create:bob-builder:20001:/bin/bash:www:${bob.id}`,
    ]);
    const beside = host([`account bob-builder 20000 ${bob.id} open`]);
    expect(plan([bob, ada], beside).steps).toEqual([`create:ada:20001:/bin/bash:www:${ada.id}`]);
  });

  it('locks the account of whoever left, ends what still runs, and gives it back to the same person alone', () => {
    const open = host([`account ada 20000 ${ada.id} open`]);
    expect(plan([], open).steps).toEqual([`lock:ada:${ada.id}`]);
    const locked = [`account ada 20000 ${ada.id} locked`];
    expect(plan([], host(locked)).steps).toEqual([]);
    expect(plan([], host(locked, { meanwhile: ['processes ada 2'] })).steps).toEqual([`end:ada:${ada.id}`]);
    expect(plan([ada], host(locked)).steps).toEqual([`unlock:ada:/bin/bash:www:${ada.id}`]);
    expect(plan([otherAda], host(locked))).toMatchObject({
      steps: [],
      refused: [
        { name: 'ada', personIds: [otherAda.id, ada.id], reason: expect.stringContaining('stays') as string },
      ],
    });
  });

  it('refuses two people who would have one name, and names both; who has it keeps it', () => {
    expect(plan([ada, otherAda])).toMatchObject({
      steps: [],
      refused: [{ name: 'ada', personIds: [ada.id, otherAda.id] }],
    });
    expect(plan([ada, otherAda], host([`account ada 20000 ${ada.id} open`]))).toMatchObject({
      steps: [],
      refused: [{ name: 'ada', personIds: [ada.id, otherAda.id] }],
    });
  });

  it.each([
    ['an account of the host', 'web-ops@example.com', 'has an account'],
    ['a group of the host', 'www@example.com', 'has a group'],
    ['a home without its account', 'lost@example.com', 'has a home'],
    ['root', 'root@example.com', 'account of systems'],
    ['the account of the agent', 'SSM-User@example.com', 'account of systems'],
    ['words of a shell', '$(reboot)@example.com', 'does not make'],
    ['an option', '-rf@example.com', 'does not make'],
    ['a line break', 'eve\nroot@example.com', 'does not make'],
    ['a colon', 'eve:0@example.com', 'does not make'],
    ['letters of elsewhere', 'müller@example.com', 'does not make'],
    ['a subaddress', 'ada+web@example.com', 'does not make'],
    ['nothing', '@example.com', 'does not make'],
    ['a name too long', `${'a'.repeat(32)}@example.com`, 'does not make'],
  ])('refuses %s as a name', (_, email, reason) => {
    const made = plan([{ id: ada.id, email }], host([], { homes: ' lost' }));
    expect(made).toMatchObject({ steps: [], refused: [{ personIds: [ada.id] }] });
    expect(made.refused[0]?.reason).toContain(reason);
  });

  it('leaves alone what somebody closed on the host, and accounts under another name', () => {
    expect(plan([ada], host([`account ada 20000 ${ada.id} closed`]))).toMatchObject({
      steps: [],
      refused: [{ name: 'ada', reason: expect.stringContaining('closed') as string }],
    });
    expect(plan([ada], host([`account countess 20000 ${ada.id} open`]))).toMatchObject({
      steps: [],
      refused: [{ name: 'countess', personIds: [ada.id] }],
    });
  });

  it('refuses where a group of the host or a number is missing', () => {
    expect(plan([ada], host(), { groups: ['nowhere'] })).toMatchObject({
      steps: [],
      refused: [{ reason: expect.stringContaining('nowhere') as string }],
    });
    expect(plan([ada, bob], host(), { uids: { from: 1000, to: 1001 } })).toMatchObject({
      steps: [`create:ada:1001:/bin/bash:www:${ada.id}`],
      refused: [{ personIds: [bob.id], reason: expect.stringContaining('number') as string }],
    });
  });

  it('lists files of keys that no membership answers for, and touches none', () => {
    const accounts = [`account ada 20000 ${ada.id} locked`, `account bob-builder 20001 ${bob.id} open`];
    const meanwhile = ['web-ops', 'ada', 'bob-builder', '-'].map(
      (owner) => `keys ${owner} 2 /home/${owner}/.ssh/authorized_keys`,
    );
    meanwhile.push('keys root 0 /root/.ssh/authorized_keys');
    const made = plan([bob], host(accounts, { meanwhile }));
    expect(made.steps).toEqual([]);
    expect(made.ownerlessKeys.map(({ owner, keys, why }) => [owner, keys, why])).toEqual([
      ['web-ops', 2, 'the account is that of no person'],
      ['ada', 2, 'the person has left the group'],
      [null, 2, 'no account has this home'],
    ]);
  });

  it('carries what one command takes, those who leave first, and says how much is left', () => {
    const id = (n: number) => `prs_01JZ8Q4T7M3N5P6R8S9V0W${String(n).padStart(4, '0')}`;
    const many = Array.from({ length: 60 }, (_, n) => ({ id: id(n), email: `p${n}@example.com` }));
    const made = plan(many, host([`account ada 20000 ${ada.id} open`]), {
      uids: { from: 21_000, to: 22_000 },
    });
    expect(made.changes).toHaveLength(changesMax);
    expect(made.changes[0]?.kind).toBe('lock');
    expect(made.later).toBe(11);
    expect(made.steps.join(' ')).toMatch(new RegExp(osUsersPatterns.steps));
  });
});

describe('the answer of a host', () => {
  it.each([
    ['nothing', ''],
    ['an answer that was cut off', host().replace('end\n', '')],
    ['an account that is not of its form', host(['account ada 20000 prs_short open'])],
    ['an account of a name that nobody has', host([`account $(id) 20000 ${ada.id} open`])],
    ['a line of another sort', host([], { meanwhile: ['keys ada many /x'] })],
    ['no groups', host().replace(/groups.*\n/, '')],
  ])('is refused when it is %s', (_, printed) => {
    expect(() => parseHostFacts(printed)).toThrow(
      expect.objectContaining({ code: 'OS_USERS_FACTS_UNREADABLE' }),
    );
  });

  it('is the last one, where changes come before it', () => {
    const printed = `${host()}sallyport-done x\n${host([`account ada 20000 ${ada.id} open`])}`;
    expect(parseHostFacts(printed).own).toMatchObject([{ name: 'ada', uid: 20_000, state: 'open' }]);
  });

  it('tells what came of each step that was sent, and of no other', () => {
    const sent = [`lock:ada:${ada.id}`, `lock:bob:${bob.id}`, `end:eve:${ada.id}`];
    const printed = `sallyport-done lock:ada:${ada.id}\nsallyport-failed 65 lock:bob:${bob.id}\nsallyport-done lock:root:x\n`;
    expect(parseOutcomes(printed, sent)).toEqual([
      { step: sent[0], failed: null },
      { step: sent[1], failed: 65 },
    ]);
  });
});
