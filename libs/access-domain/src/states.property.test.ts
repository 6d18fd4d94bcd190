import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activateGrant,
  approveAutomatically,
  cancelAccessRequest,
  closeSession,
  expireGrant,
  grantAt,
  hearSession,
  lossReasons,
  intendLease,
  lapseAccessRequest,
  limits,
  loseSession,
  returnGrant,
  reviewAccessRequest,
  revokeGrant,
  sessionEndReasons,
  systemActor,
  terminateSession,
  type AccessRequest,
  type Decision,
  type Grant,
  type Session,
} from './index.ts';
import {
  aGrant,
  anApprover,
  aPendingRequest,
  aPerson,
  aSession,
  countedIds,
  reviewFacts,
} from './testing/index.ts';

const ids = countedIds();
const people = fc.constantFrom(
  aPerson(),
  anApprover(),
  aPerson({ name: 'admin', roles: ['admin'], groups: [] }),
  aPerson({ name: 'outsider', groups: ['contractors'] }),
);
const step = fc.integer({ min: 0, max: 400_000 });

/** What holds of every decision: a refusal changes nothing; a change has one higher version and tells of itself. */
function checkChange<T extends { version: number; state: string }>(before: T, decision: Decision<T>): T {
  if (!decision.ok) return before;
  if (decision.next.state !== before.state) expect(decision.next.version).toBe(before.version + 1);
  return decision.next;
}

describe('a grant', () => {
  type Command = (grant: Grant, now: number) => Decision<Grant>;
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.constant<Command>((grant, now) => activateGrant(grant, { now, ids })),
    fc.constant<Command>((grant, now) => expireGrant(grant, { now, ids })),
    people.map(
      (person): Command =>
        (grant, now) =>
          returnGrant(grant, person, { now, ids }),
    ),
    people.map(
      (person): Command =>
        (grant, now) =>
          revokeGrant(grant, { person, reason: 'x' }, { now, ids }),
    ),
  );

  it('ends once, with a reason and one event, and is never active outside its interval', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(command, step)), fc.boolean(), (commands, scheduled) => {
        let now = 0;
        let ended = 0;
        let grant = aGrant(scheduled ? { state: 'scheduled', startsAt: 300_000 } : {});
        for (const [act, wait] of commands) {
          now += wait;
          const decision = act(grant, now);
          if (decision.ok) expect(decision.events).toHaveLength(1);
          const next = checkChange(grant, decision);
          if (grant.state === 'ended') expect(next).toBe(grant);
          if (grant.state !== 'ended' && next.state === 'ended') ended++;
          grant = next;
          const seen = grantAt(grant, now);
          if (seen.state === 'active') expect(now >= grant.startsAt && now < grant.endsAt).toBe(true);
          if (now >= grant.endsAt) expect(seen.state).toBe('ended');
        }
        expect(ended).toBeLessThanOrEqual(1);
        if (grant.state === 'ended') expect(grant.endedAt).toBeLessThanOrEqual(grant.endsAt);
      }),
    );
  });

  it('gives leases to its person alone, for 120 s at most and never past its end', () => {
    const target = { accountId: '1', region: 'r', instanceId: 'i-1', documentName: 'jit-fwd-1' };
    fc.assert(
      fc.property(people, fc.integer({ min: -1000, max: 2_000_000 }), fc.nat(6), (person, now, inFlight) => {
        const grant = aGrant();
        const decision = intendLease(grant, { person, inFlight, lastMinute: 0, target, now, ids });
        const mayBe =
          person.id === grant.person.id && now < grant.endsAt && inFlight < limits.leasesInFlightMax;
        expect(decision.ok).toBe(mayBe);
        if (!decision.ok) return;
        expect(decision.next.usefulUntil).toBeLessThanOrEqual(now + 120_000);
        expect(decision.next.usefulUntil).toBeLessThanOrEqual(grant.endsAt);
        expect(decision.events.map((event) => event.type)).toEqual(['lease.intended']);
      }),
    );
  });
});

describe('a request', () => {
  type Command = (request: AccessRequest, now: number) => Decision<unknown>;
  const command: fc.Arbitrary<Command> = fc.oneof(
    people.map(
      (person): Command =>
        (request, now) =>
          cancelAccessRequest(request, { person, now, ids }),
    ),
    fc.constant<Command>((request, now) => lapseAccessRequest(request, { now, ids })),
    fc
      .tuple(people, fc.constantFrom('approve' as const, 'deny' as const), fc.constantFrom('f', 'other'))
      .map(([reviewer, verdict, factsDigest]): Command => (request, now) => {
        const review = { verdict, factsDigest, comment: 'x', only: null, durationSeconds: null };
        const decision = reviewAccessRequest(request, review, reviewFacts({ reviewer, now, ids }));
        if (decision.ok) {
          expect(reviewer.id).not.toBe(request.requester.id);
          expect(reviewer.groups).toContain('db-owners');
          expect(factsDigest).toBe('f');
          expect(decision.next.grants).toHaveLength(verdict === 'approve' ? 1 : 0);
          return { ...decision, next: decision.next.request };
        }
        return decision;
      }),
  );

  it('is decided at most once, and only while it waits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(command, fc.integer({ min: 0, max: 50_000_000 }))), (commands) => {
        let now = 0;
        let request: AccessRequest = aPendingRequest();
        for (const [act, wait] of commands) {
          now += wait;
          const decision = act(request, now) as Decision<AccessRequest>;
          if (decision.ok) expect(request.state).toBe('pending');
          if (decision.ok && decision.next.state !== 'lapsed') expect(now).toBeLessThan(request.lapsesAt);
          request = checkChange(request, decision);
        }
      }),
    );
  });

  it('is not approved by itself while one item wants a person', () => {
    expect(approveAutomatically(aPendingRequest(), { now: 0, ids, extended: null })).toBeUndefined();
  });
});

describe('a session', () => {
  type Command = (session: Session, grant: Grant, now: number) => Decision<Session>;
  const beat = fc.record({
    state: fc.constantFrom('open' as const, 'reconnecting' as const),
    ssmSessionId: fc.constantFrom(null, 'jit-x'),
    bytesUp: fc.nat(1000),
    bytesDown: fc.nat(1000),
    lost: fc.constantFrom(null, ...lossReasons),
  });
  const command: fc.Arbitrary<Command> = fc.oneof(
    beat.map((heard): Command => (session, grant, now) => {
      const decision = hearSession(session, heard, { person: aPerson(), grant }, { now, ids });
      if (!decision.ok) return decision;
      if (grantAt(grant, now).state === 'ended') expect(decision.next.close).not.toBeNull();
      return { ...decision, next: decision.next.session };
    }),
    fc.constantFrom(...sessionEndReasons).map(
      (reason): Command =>
        (session, _, now) =>
          closeSession(session, { reason, actor: systemActor }, { now, ids }),
    ),
    fc.constant<Command>((session, _, now) => loseSession(session, { now, ids })),
    people.map(
      (person): Command =>
        (session, _, now) =>
          terminateSession(session, { person, reason: 'x' }, { now, ids }),
    ),
  );
  const legal: Record<string, string[]> = {
    opening: ['opening', 'open', 'closing', 'closed'],
    open: ['open', 'reconnecting', 'closing', 'closed'],
    reconnecting: ['reconnecting', 'open', 'closing', 'closed'],
    closing: ['closing', 'closed'],
    closed: ['closed'],
  };

  it('moves only as the states allow, never loses bytes, and stays closed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(command, step)), fc.boolean(), (commands, ends) => {
        let now = 0;
        const grant = aGrant(ends ? { endsAt: 500_000 } : {});
        let session: Session = aSession();
        for (const [act, wait] of commands) {
          now += wait;
          const next: Session = checkChange(session, act(session, grant, now));
          expect(legal[session.state]).toContain(next.state);
          expect(next.bytesUp).toBeGreaterThanOrEqual(session.bytesUp);
          if (session.state === 'closed') expect(next).toBe(session);
          session = next;
        }
      }),
    );
  });

  it('keeps the reason it was told to end for, whatever the client says', () => {
    const told = terminateSession(
      aSession(),
      { person: aPerson({ roles: ['admin'] }), reason: 'x' },
      { now: 1, ids },
    );
    const closed =
      told.ok && closeSession(told.next, { reason: 'client_exit', actor: systemActor }, { now: 2, ids });
    expect(closed).toMatchObject({ next: { endReason: 'revoked', cut: { comment: 'x' } } });
  });
});
