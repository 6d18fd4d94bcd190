import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it } from 'vitest';
import type { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { ApplyPlan } from './apply-plan.handler.ts';
import type { OsAccountStore } from './os-account.prisma-store.ts';
import type { PlanGateway } from './plan-gateway.ts';

/** The work of one sync on a gateway whose only host could not be asked. */
function syncWithout(code: string) {
  const instance = { instanceId: 'i-0aaaaaaaaaaaaaaaa', tags: {}, state: 'lost' };
  const plan = { digest: 'd', hosts: [], unreached: [{ instance, code }] };
  const plans = {
    synced: () => [{ name: 'web-1', group: 'web-operators' }],
    of: () => Promise.resolve(plan),
  } as unknown as PlanGateway;
  const apply = new ApplyPlan(plans, {} as OsAccountStore, {} as UnitOfWork, simulatedEffects());
  return apply.sync()({ gateway: 'web-1' }, { key: 'k', attempts: 1 });
}

it('does not ask again and again for a host that is switched off: the next look comes by the clock', async () => {
  expect(await syncWithout('GATEWAY_OFFLINE')).toEqual({ digest: 'd', done: 0, unreached: 1 });
});

it('asks again for a host that is there and did not answer', async () => {
  await expect(syncWithout('OS_USERS_HOST_UNREADY')).rejects.toMatchObject({ code: 'OS_USERS_STEP_FAILED' });
});
