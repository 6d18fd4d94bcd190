import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePolicy, covers, favouring, maySee, objection, submitAccessRequest } from './index.ts';
import { aPerson, aPolicy, aResource, countedIds } from './testing/index.ts';

const group = fc.constantFrom('engineers', 'db-owners', 'contractors', 'night-shift');
const policies = fc
  .array(
    fc.record({
      environments: fc.subarray(['production', 'staging'], { minLength: 1 }),
      kinds: fc.option(fc.subarray(['database', 'port'] as const, { minLength: 1 }), { nil: undefined }),
      requesters: fc.uniqueArray(group, { minLength: 1 }),
      approval: fc.constantFrom('review' as const, 'automatic' as const),
      longestSeconds: fc.integer({ min: 5, max: 100 }),
      reasonRequired: fc.boolean(),
    }),
    { maxLength: 5 },
  )
  .map((list) =>
    list.map(({ environments, kinds, ...rest }, n) =>
      aPolicy({ name: `p${n}`, resources: { environments, kinds }, ...rest }),
    ),
  );
const situation = fc.record({
  policies,
  groups: fc.uniqueArray(group),
  environment: fc.constantFrom('production', 'staging'),
  kind: fc.constantFrom('database' as const, 'port' as const),
  durationSeconds: fc.integer({ min: 5, max: 120 }),
  reason: fc.constantFrom('', 'INC-1'),
});

describe('policies', () => {
  it('grant together nothing that no single policy grants, each taken whole', () => {
    fc.assert(
      fc.property(situation, ({ policies: list, groups, environment, kind, durationSeconds, reason }) => {
        const requester = aPerson({ groups });
        const resource = aResource({ environment, kind });
        const wish = { durationSeconds, reason };
        const decision = submitAccessRequest(
          { resources: [resource.name], ticket: null, startsAt: null, ...wish },
          {
            requester,
            policies: { digest: 'd', policies: list },
            resources: new Map([[resource.name, resource]]),
            waiting: new Set(),
            askedLastHour: 0,
            automaticLastHour: 0,
            now: 1_000,
            ids: countedIds(),
          },
        );
        const whole = list.filter(
          (policy) =>
            covers(policy, resource) &&
            groups.some((one) => policy.requesters.includes(one)) &&
            durationSeconds <= policy.longestSeconds &&
            (!policy.reasonRequired || reason !== ''),
        );
        expect(decision.ok).toBe(whole.length > 0);
        if (decision.ok) expect(whole).toContain(decision.next.items[0]?.policy);
      }),
    );
  });

  it('hide a resource from whom none of them names', () => {
    fc.assert(
      fc.property(situation, ({ policies: list, environment, kind }) => {
        const stranger = aPerson({ groups: ['nobody-names-this-group'] });
        expect(maySee({ digest: 'd', policies: list }, stranger, aResource({ environment, kind }))).toBe(
          false,
        );
      }),
    );
  });

  it('prefer one that approves by itself among those that admit', () => {
    fc.assert(
      fc.property(situation, ({ policies: list, groups, environment, kind, durationSeconds, reason }) => {
        const wish = { durationSeconds, reason };
        const set = { digest: 'd', policies: list };
        const admitting = favouring(set, aPerson({ groups }), aResource({ environment, kind })).filter(
          (policy) => objection(policy, wish) === undefined,
        );
        const chosen = choosePolicy(admitting, wish);
        expect(chosen?.approval === 'automatic').toBe(
          admitting.some((policy) => policy.approval === 'automatic'),
        );
      }),
    );
  });
});
