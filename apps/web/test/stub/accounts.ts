import type { AccountsPlan, AppliedAccountsPlan } from '../../src/api/contract.ts';
import type { World } from './world.ts';

/** Worlds whose plan was carried out. */
const applied = new WeakSet<World>();
/** Worlds whose host is no longer as its plan showed it. */
const moved = new WeakSet<World>();

const person = (n: number, name: string) => ({
  id: `prs_${n}`,
  name,
  email: `${name.toLowerCase()}@example.com`,
});

export const accountsGateways = {
  items: [
    { gateway: 'web-1', group: 'web-operators', sync: false },
    { gateway: 'batch', group: 'batch-operators', sync: true },
  ],
};
export const givenUp = {
  items: [
    {
      topic: 'os-users.sync',
      entries: 3,
      lastAt: '2026-01-05T09:00:00.000Z',
      lastError: 'OS_USERS_HOST_UNREADY',
    },
  ],
};

/** A plan with all that one can hold; an empty one when it was carried out. */
export function planOf(world: World, gateway: string): AccountsPlan {
  const done = applied.has(world) || gateway !== 'web-1';
  const digest = (done ? 'e' : moved.has(world) ? 'b' : 'a').repeat(64);
  const host = { instanceId: 'i-0a1b2c3d4e5f60718', instanceName: 'web-1' };
  const ownerlessKeys = [
    { path: '/home/old/.ssh/authorized_keys', account: null, keys: 2, why: 'no account has this home' },
  ];
  const group = 'web-operators';
  if (done)
    return {
      ...{ gateway, group, digest, changes: 0, unreached: [] },
      hosts: [{ ...host, changes: [], later: 0, refused: [], ownerlessKeys }],
    };
  const changes: AccountsPlan['hosts'][number]['changes'] = [
    { kind: 'create', account: 'ada', person: person(1, 'Ada'), uid: 20_001, processes: 0 },
    { kind: 'lock', account: 'grace', person: person(2, 'Grace'), uid: null, processes: 3 },
  ];
  const refused = [
    { account: 'root', people: [person(3, 'Root')], reason: 'the name is that of a system account' },
  ];
  return {
    ...{ gateway, group, digest, changes: changes.length },
    hosts: [{ ...host, changes, later: 1, refused, ownerlessKeys }],
    unreached: [{ instanceId: 'i-0fedcba9876543210', instanceName: 'web-2', code: 'GATEWAY_OFFLINE' }],
  };
}

/** Somebody changes the host by hand. */
export const moveHost = (world: World): void => void moved.add(world);

/** Carries a plan out; undefined when it is not the one of now. */
export function applyPlan(world: World, gateway: string, digest: string): AppliedAccountsPlan | undefined {
  const plan = planOf(world, gateway);
  if (plan.digest !== digest) return undefined;
  applied.add(world);
  const hosts = plan.hosts.map(({ instanceId, instanceName, changes }) => ({
    ...{ instanceId, instanceName, state: 'applied' as const, failed: [] },
    done: changes.map(({ kind, account }) => `${kind}:${account}`),
  }));
  return { digest, hosts };
}
