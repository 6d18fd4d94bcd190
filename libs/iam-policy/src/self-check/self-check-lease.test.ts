import { describe, expect, it } from 'vitest';
import { renderLease, selfCheckLease, type LeaseUnderCheck, type PolicyDocument } from '../index.ts';

const now = Date.parse('2026-11-21T12:00:00Z');
const lease = {
  grantId: 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y',
  accountId: '111122223333',
  region: 'eu-west-1',
  instanceId: 'i-0123456789abcdef0',
  documentName: 'jit-fwd-7f3a9c21',
  leaseEndsAt: now + 120_000,
};
const enrolmentTags = { 'jit-managed': 'true', ServerType: 'bastion', AccessGranted: 'true' };

const check = (over: Partial<LeaseUnderCheck> = {}) =>
  selfCheckLease({
    lease,
    sessionPolicy: renderLease(lease),
    team: 'platform',
    instanceTags: { ...enrolmentTags, 'jit-team': 'platform' },
    enrolmentTags,
    now,
    ...over,
  });

/** The rendered policy with its text changed, as a defect of the renderer would. */
function spoilt(from: string, to: string): PolicyDocument {
  const text = JSON.stringify(renderLease(lease));
  expect(text).toContain(from);
  return JSON.parse(text.replaceAll(from, to)) as PolicyDocument;
}

describe('the self-check of a lease', () => {
  it('passes what the renderer makes', () => {
    expect(check()).toEqual({ ok: true, failures: [] });
  });

  describe('with a database user', () => {
    const signing = { ...lease, databaseUser: { rdsResourceId: 'db-ABCDEFGHIJKL', name: 'jit_readonly' } };
    const own = 'dbuser:db-ABCDEFGHIJKL/jit_readonly';
    const rendered = JSON.stringify(renderLease(signing));
    const having = (to: string) =>
      check({ lease: signing, sessionPolicy: JSON.parse(rendered.replace(own, to)) as PolicyDocument });

    it('passes what the renderer makes', () => {
      expect(having(own)).toEqual({ ok: true, failures: [] });
    });

    it.each([
      ['every user', 'dbuser:db-ABCDEFGHIJKL/*', 'it can sign in as the owner of the database'],
      ['users of that beginning', `${own}*`, 'it can sign in as another database user'],
      ['every database', 'dbuser:*/jit_readonly', 'it can sign in to another database'],
      ['another user', 'dbuser:db-ABCDEFGHIJKL/jit_owner', 'it cannot sign in as its database user'],
      ['a user outside the role', 'dbuser:db-ABCDEFGHIJKL/app', 'it cannot sign in as its database user'],
    ])('finds a lease for %s', (_, to, failure) => {
      expect(having(to).failures).toContain(failure);
    });

    it('finds a sign-in that nobody granted, and one without an end', () => {
      expect(
        check({ sessionPolicy: JSON.parse(rendered.replace(own, 'dbuser:*')) as PolicyDocument }).failures,
      ).toContain('it can sign in to a database');
      const policy = renderLease(signing);
      const endless = {
        ...policy,
        Statement: policy.Statement.map((statement) =>
          statement.Action === 'rds-db:connect' ? { ...statement, Condition: undefined } : statement,
        ),
      };
      expect(
        check({ lease: signing, sessionPolicy: JSON.parse(JSON.stringify(endless)) as PolicyDocument })
          .failures,
      ).toContain('it can sign in to its database after its end');
    });
  });

  it('passes a lease that ends within a second', () => {
    const short = { ...lease, leaseEndsAt: now + 400 };
    expect(check({ lease: short, sessionPolicy: renderLease(short) }).ok).toBe(true);
  });

  it.each<[string, string, string, string]>([
    ['any instance', 'instance/i-0123456789abcdef0', 'instance/*', 'it can start on a sibling instance'],
    [
      'any of our documents',
      'document/jit-fwd-7f3a9c21',
      'document/jit-*',
      'it can start through another document',
    ],
    [
      'any session',
      'session/jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y-*',
      'session/*',
      "it can end another grant's session",
    ],
    ['a later end', '2026-11-21T12:02:00Z', '2026-11-21T12:02:01Z', 'it can start after its end'],
    [
      'the wrong document',
      'document/jit-fwd-7f3a9c21',
      'document/jit-fwd-7f3a9c22',
      'it cannot start the granted session',
    ],
  ])('finds a lease for %s', (_, from, to, failure) => {
    const result = check({ sessionPolicy: spoilt(from, to) });
    expect(result.ok).toBe(false);
    expect(result.failures).toContain(failure);
  });

  it('leaves to the role what only the role forbids, and finds an instance that lost its tag', () => {
    expect(
      check({ instanceTags: { ...enrolmentTags, 'jit-team': 'platform', AccessGranted: 'false' } }).failures,
    ).toEqual(['it cannot start the granted session']);
  });

  it('finds a policy it cannot read', () => {
    expect(check({ sessionPolicy: null }).failures).toContain('it cannot start the granted session');
    expect(check({ sessionPolicy: spoilt('DateLessThan', 'DateLessThanMaybe') }).ok).toBe(false);
  });
});
