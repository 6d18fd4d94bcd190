import { describe, expect, it } from 'vitest';
import { favouring, maySee, submitAccessRequest } from './index.ts';
import { aPerson, aPolicy, aResource, countedIds } from './testing/index.ts';

const open = aResource({ name: 'prod-vpc', kind: 'subnet', reachesEverything: true });
const requester = aPerson();

function ask(policies: ReturnType<typeof aPolicy>[]) {
  return submitAccessRequest(
    { resources: [open.name], durationSeconds: 1800, reason: 'INC-1', ticket: null, startsAt: null },
    {
      ...{ requester, policies: { digest: 'd', policies }, waiting: new Set(), now: 0, ids: countedIds() },
      ...{ resources: new Map([[open.name, open]]), askedLastHour: 0, automaticLastHour: 0 },
    },
  );
}

describe('a network whose far side holds nobody to it', () => {
  it('is refused unless a policy admits everything behind the gateway', () => {
    expect(ask([aPolicy()])).toMatchObject({ ok: false, refusal: { code: 'REQUEST_REACHES_EVERYTHING' } });
    expect(ask([aPolicy({ everythingBehindGateway: true })])).toMatchObject({ ok: true });
  });

  it('rests on the one policy that admits it, not on one that would be kinder', () => {
    const kind = aPolicy({ name: 'kind', approval: 'automatic' });
    const admitting = aPolicy({ name: 'admitting', everythingBehindGateway: true });
    const decision = ask([kind, admitting]);
    expect(decision.ok && decision.next.items[0]?.policy.name).toBe('admitting');
  });

  it('is seen by those who could ask for it were it held, so that they learn why not', () => {
    const set = { digest: 'd', policies: [aPolicy()] };
    expect(maySee(set, requester, open)).toBe(true);
    expect(favouring(set, requester, open)).toEqual([]);
  });
});
