import { settle, simulatedEffects } from '@sallyport/effects/simulated';
import { beforeEach, expect, it } from 'vitest';
import type { Lease } from './control-plane.ts';
import { SessionDesk } from './session-desk.ts';

const rules = { controlPlane: new URL('https://sallyport.example') };
let effects: ReturnType<typeof simulatedEffects>;
let started: { at: number; account: string }[];

beforeEach(() => {
  effects = simulatedEffects();
  started = [];
});

/** What one tunnel has of its own; AWS answers at once. */
function desk(): SessionDesk {
  const ssm = {
    start: (lease: Lease) => {
      started.push({ at: effects.time.monotonic(), account: lease.accountId });
      return Promise.resolve({ sessionId: 's', token: 't', streamUrl: 'wss://example' });
    },
    resume: () => Promise.resolve(undefined),
    terminate: () => Promise.resolve(),
  };
  return new SessionDesk({ ssm, effects, debug: () => undefined }, rules);
}

const leaseIn = (accountId: string, region = 'eu-central-1') =>
  ({ accountId, region, endpoint: null, credentials: {} }) as Lease;
const { signal } = new AbortController();

async function pass(seconds: number): Promise<void> {
  for (let n = 0; n < seconds * 10; n += 1) {
    await effects.time.advanceAsync(100);
    await settle();
  }
}

it('ten tunnels of one process that start four sessions each make three calls a second in their account, after the first four', async () => {
  const begun = effects.time.monotonic();
  const lease = leaseIn('111122223333');
  const calls = Array.from({ length: 10 }, () => desk()).flatMap((one) =>
    Array.from({ length: 4 }, () => one.start(lease, signal)),
  );
  await settle();
  expect(started).toHaveLength(4);
  await pass(6);
  expect(started.length).toBeGreaterThanOrEqual(21);
  expect(started.length).toBeLessThanOrEqual(22);
  await pass(7);
  await Promise.all(calls);
  expect(started).toHaveLength(40);
  expect(started.at(-1)!.at - begun).toBeGreaterThanOrEqual(11_900);
});

it('another account and another region have a rate of their own', async () => {
  await Promise.all(Array.from({ length: 4 }, () => desk().start(leaseIn('111122223333'), signal)));
  await Promise.all([
    desk().start(leaseIn('444455556666'), signal),
    desk().start(leaseIn('111122223333', 'us-east-1'), signal),
  ]);
  expect(started).toHaveLength(6);
});

it('who stops waiting gives the turn back', async () => {
  const lease = leaseIn('111122223333');
  await Promise.all(Array.from({ length: 4 }, () => desk().start(lease, signal)));
  const impatient = new AbortController();
  const stopped = Array.from({ length: 30 }, () => desk().start(lease, impatient.signal));
  impatient.abort(new Error('the person pressed Ctrl-C'));
  for (const one of stopped) await expect(one).rejects.toThrow('Ctrl-C');
  const next = desk().start(lease, signal);
  await pass(1);
  await next;
  expect(started).toHaveLength(5);
});
