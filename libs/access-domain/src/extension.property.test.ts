import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activateGrant,
  approveAutomatically,
  expireGrant,
  extensionRoom,
  grantAt,
  requestAt,
  requestExtension,
  returnGrant,
  reviewAccessRequest,
  revokeGrant,
  type ExtendGrant,
  type Grant,
  type PendingRequest,
} from './index.ts';
import { aGrant, anApprover, aPerson, aPolicy, aResource, countedIds, reviewFacts } from './testing/index.ts';

const ids = countedIds();
const minute = 60_000;
const admin = aPerson({ name: 'admin', roles: ['admin'] });
const rule = {
  automatic: { longestSeconds: 1800, times: 2 },
  reviewers: ['night-shift'],
  totalSecondsMax: 7200,
};
const policy = aPolicy({ extension: rule });

const wish = (given: Partial<ExtendGrant> = {}): ExtendGrant => ({
  durationSeconds: 1800,
  reason: null,
  ticket: null,
  seenEndsAt: null,
  ...given,
});
const facts = (given: Partial<Parameters<typeof requestExtension>[2]> = {}) => ({
  requester: aPerson(),
  policies: { digest: 'p', policies: [policy] },
  resource: aResource(),
  waiting: false,
  askedLastHour: 0,
  automaticLastHour: 0,
  now: 0,
  ids,
  ...given,
});

/** The pending request of an extension that was admitted; fails when it was not. */
function asked(grant: Grant, command = wish(), given: Parameters<typeof facts>[0] = {}): PendingRequest {
  const decision = requestExtension(grant, command, facts(given));
  if (!decision.ok) throw new Error(decision.refusal.code);
  return { ...decision.next, factsDigest: 'f' };
}
const codeOf = (decision: { ok: boolean; refusal?: { code: string } }) =>
  decision.ok ? 'ok' : decision.refusal?.code;

describe('an extension', () => {
  it('is approved by itself within the rule, and begins where the grant ends', () => {
    const grant = aGrant();
    const request = asked(grant, wish(), { now: 10 * minute });
    expect(request).toMatchObject({
      items: [{ resource: { name: 'prod-rds' }, policy: { approval: 'automatic' } }],
      reason: grant.reason,
      lapsesAt: grant.endsAt,
      extends: { grantId: grant.id, endedAt: null },
    });
    const approved = approveAutomatically(request, { now: 10 * minute, ids, extended: grant });
    expect(approved).toMatchObject({
      ok: true,
      next: {
        grants: [],
        request: { state: 'approved', items: [{ grantId: grant.id }] },
        extension: {
          startsAt: grant.endsAt,
          endsAt: grant.endsAt + 30 * minute,
          grant: { endsAt: grant.endsAt + 30 * minute, extensions: 1, version: grant.version + 1 },
        },
      },
    });
    expect(approved?.ok && approved.events.map(({ type, grantId }) => [type, grantId])).toEqual([
      ['review.recorded', grant.id],
      ['request.approved', grant.id],
      ['grant.extended', grant.id],
    ]);
  });

  it.each([
    ['longer than approved by itself', { extensions: 0 }, 1801],
    ['the third time', { extensions: 2 }, 600],
  ])('%s waits for the approvers of the rule', (_, given, durationSeconds) => {
    const grant = aGrant(given);
    const request = asked(grant, wish({ durationSeconds }));
    expect(request.reviewers).toEqual(['night-shift']);
    const night = anApprover({ groups: ['night-shift'] });
    const review = {
      verdict: 'approve',
      factsDigest: 'f',
      comment: null,
      only: null,
      durationSeconds: null,
    } as const;
    const inForce = { policies: { digest: 'p', policies: [policy] }, extended: grant };
    expect(codeOf(reviewAccessRequest(request, review, reviewFacts(inForce)))).toBe('REVIEW_NOT_ALLOWED');
    expect(
      codeOf(reviewAccessRequest(request, review, reviewFacts({ ...inForce, reviewer: aPerson() }))),
    ).toBe('REVIEW_BY_REQUESTER');
    expect(
      reviewAccessRequest(
        request,
        { ...review, durationSeconds: 300 },
        reviewFacts({ ...inForce, reviewer: night }),
      ),
    ).toMatchObject({
      next: { request: { items: [{ state: 'narrowed' }] }, extension: { endsAt: grant.endsAt + 5 * minute } },
    });
  });

  it.each<[string, string, Grant, Partial<ExtendGrant>, Parameters<typeof facts>[0]]>([
    ['of nobody else', 'GRANT_UNKNOWN', aGrant(), {}, { requester: anApprover() }],
    [
      'of a grant that has not begun',
      'GRANT_NOT_ACTIVE',
      aGrant({ state: 'scheduled', startsAt: 60_000 }),
      {},
      {},
    ],
    ['of a grant whose time is over', 'GRANT_ENDED', aGrant(), {}, { now: 30 * minute }],
    ['seen to end at another time', 'EXTENSION_END_MOVED', aGrant(), { seenEndsAt: 1 }, {}],
    ['of what is no longer offered', 'RESOURCE_UNKNOWN', aGrant(), {}, { resource: undefined }],
    ['for no time', 'DURATION_INVALID', aGrant(), { durationSeconds: 0 }, {}],
    ['beyond the budget', 'EXTENSION_BUDGET_EXCEEDED', aGrant(), { durationSeconds: 5401 }, {}],
    ['while another request waits', 'REQUEST_ALREADY_OPEN', aGrant(), {}, { waiting: true }],
    ['asked for too often', 'REQUEST_LIMITED', aGrant(), {}, { automaticLastHour: 600 }],
    [
      'that no policy gives',
      'EXTENSION_NOT_ALLOWED',
      aGrant(),
      {},
      { policies: { digest: 'p', policies: [aPolicy({ extension: null })] } },
    ],
  ])('%s is refused with %s', (_, code, grant, command, given) => {
    expect(codeOf(requestExtension(grant, wish(command), facts(given)))).toBe(code);
  });

  it('tells how much of the budget is left, to the second', () => {
    const grant = aGrant({ endsAt: 90 * minute });
    expect(codeOf(requestExtension(grant, wish({ durationSeconds: 1800 }), facts()))).toBe('ok');
    expect(requestExtension(grant, wish({ durationSeconds: 1801 }), facts())).toMatchObject({
      refusal: { code: 'EXTENSION_BUDGET_EXCEEDED', extensions: { secondsLeft: 1800 } },
    });
    expect(extensionRoom(policy, aGrant({ endsAt: 120 * minute }))).toEqual({
      secondsMax: 0,
      automaticSecondsMax: 0,
    });
  });

  it('is answered like the request, by the same people and up to the longest grant, where no rule says otherwise', () => {
    const plain = { policies: { digest: 'p', policies: [aPolicy()] } };
    const request = asked(aGrant(), wish(), plain);
    expect(request).toMatchObject({ reviewers: ['db-owners'], items: [{ policy: { approval: 'review' } }] });
    const left = 4 * 3600 - 1800;
    expect(codeOf(requestExtension(aGrant(), wish({ durationSeconds: left }), facts(plain)))).toBe('ok');
    expect(codeOf(requestExtension(aGrant(), wish({ durationSeconds: left + 1 }), facts(plain)))).toBe(
      'EXTENSION_BUDGET_EXCEEDED',
    );
  });

  it('lapses when its grant ends before anybody answered', () => {
    const request = asked(aGrant(), wish({ durationSeconds: 3600 }));
    const ended = { ...request, extends: { grantId: 'grt_1', endedAt: 5 * minute } };
    expect(requestAt(ended, 4 * minute).state).toBe('pending');
    expect(requestAt(ended, 5 * minute)).toMatchObject({ state: 'lapsed', decidedAt: 5 * minute });
  });
});

describe('a grant that is extended', () => {
  type Step = (grant: Grant, now: number) => Grant;
  const step: fc.Arbitrary<[string, Step]> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.integer({ min: 60, max: 4000 }).map((durationSeconds): [string, Step] => [
        `extend ${durationSeconds}`,
        (grant, now) => {
          const decision = requestExtension(grant, wish({ durationSeconds }), facts({ now }));
          if (!decision.ok) return grant;
          const request = { ...decision.next, factsDigest: 'f' };
          const by = { now, ids, extended: grant };
          const review = {
            verdict: 'approve',
            factsDigest: 'f',
            comment: null,
            only: null,
            durationSeconds: null,
          } as const;
          const night = anApprover({ groups: ['night-shift'] });
          const answered =
            approveAutomatically(request, by) ??
            reviewAccessRequest(
              request,
              review,
              reviewFacts({ ...by, reviewer: night, policies: { digest: 'p', policies: [policy] } }),
            );
          if (!answered.ok) throw new Error(answered.refusal.code);
          return answered.next.extension?.grant ?? grant;
        },
      ]),
    },
    fc.constantFrom<[string, Step]>(
      ['activate', (grant, now) => changed(grant, activateGrant(grant, { now, ids }))],
      ['expire', (grant, now) => changed(grant, expireGrant(grant, { now, ids }))],
      ['return', (grant, now) => changed(grant, returnGrant(grant, aPerson(), { now, ids }))],
      [
        'revoke',
        (grant, now) => changed(grant, revokeGrant(grant, { person: admin, reason: 'x' }, { now, ids })),
      ],
    ),
  );
  const changed = (grant: Grant, decision: { ok: boolean; next?: Grant }) =>
    decision.ok && decision.next ? decision.next : grant;

  it('has an end that only moves on, stays within its budget, and does not come back once it ended', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.integer({ min: 0, max: 20 * minute }))), (steps) => {
        let now = 0;
        let grant: Grant = aGrant();
        for (const [[, act], wait] of steps) {
          now += wait;
          const before = grantAt(grant, now);
          const next = act(grant, now);
          expect(next.endsAt).toBeGreaterThanOrEqual(grant.endsAt);
          expect(next.endsAt - next.startsAt).toBeLessThanOrEqual(rule.totalSecondsMax * 1000);
          if (before.state === 'ended') expect(next.endsAt).toBe(grant.endsAt);
          if (before.state === 'ended') expect(grantAt(next, now).state).toBe('ended');
          if (next !== grant) expect(next.version).toBe(grant.version + 1);
          grant = next;
        }
      }),
    );
  });
});
