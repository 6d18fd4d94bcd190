import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { generateKeyPair, signerOf, signKeySet } from '@sallyport/grant-token';
import type { ControlPlane } from './ports.ts';
import { Trust } from './trust.ts';
import { watchKeys } from './watch.ts';

/** How long both keys are published before the new one signs. */
const overlapMs = 600_000;

it('learns of a new key before it signs, even when a look at the keys fails', async () => {
  const effects = simulatedEffects();
  const [before, after] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const issuer = 'sallyport:one';
  const set = { issuer, serial: 1, keys: [before.publicKey, after.publicKey] };
  const keySet = await signKeySet(set, await signerOf(before.privateKey));
  const trust = await Trust.of(issuer, { serial: 0, keys: [before.publicKey] });
  // The first look is just before the rotation, the second fails.
  const looks = [() => Promise.resolve(null), () => Promise.reject(new Error('away'))];
  const controlPlane = { keySet: () => (looks.shift() ?? (() => Promise.resolve(keySet)))() };
  const stopping = new AbortController();
  const watching = watchKeys(controlPlane as unknown as ControlPlane, trust, effects, stopping.signal);
  for (let passed = 0; passed < overlapMs - 10_000; passed += 10_000) {
    await setImmediate();
    effects.time.advance(10_000);
  }
  await vi.waitFor(() => expect(trust.keys.has(after.publicKey.kid ?? '')).toBe(true), { timeout: 10_000 });
  stopping.abort(new Error('The test ends.'));
  await watching;
});
