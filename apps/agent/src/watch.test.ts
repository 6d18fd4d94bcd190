import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
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
  const looks = [() => Promise.resolve([]), () => Promise.reject(new Error('away'))];
  const controlPlane = { keySets: () => (looks.shift() ?? (() => Promise.resolve([keySet])))() };
  const stopping = new AbortController();
  const watching = watchKeys(controlPlane as unknown as ControlPlane, trust, effects, stopping.signal);
  for (let passed = 0; passed < overlapMs - 10_000; passed += 10_000) {
    await setImmediate();
    effects.time.advance(10_000);
  }
  await vi.waitFor(() => expect(trust.keys.has(after.publicKey.kid ?? '')).toBe(true), { timeout: 45_000 });
  stopping.abort(new Error('The test ends.'));
  await watching;
});

describe('an agent that was away for rotations', () => {
  const issuer = 'sallyport:one';
  /** Keys, and the set of each rotation, signed with the key before. */
  async function rotations(count: number) {
    const keys = await Promise.all(Array.from({ length: count + 1 }, () => generateKeyPair()));
    const sets = keys.slice(1).map(async ({ publicKey }, at) => {
      const before = keys[at]!;
      const set = { issuer, serial: at + 2, keys: [before.publicKey, publicKey] };
      return signKeySet(set, await signerOf(before.privateKey));
    });
    return { keys: keys.map(({ publicKey }) => publicKey), sets: await Promise.all(sets) };
  }

  it.each([
    ['from the beginning', 0],
    ['from where it stands', 2],
  ])('follows them one by one, %s', async (_, from) => {
    const { keys, sets } = await rotations(5);
    const saved: number[] = [];
    const trust = await Trust.of(issuer, { serial: from + 1, keys: [keys[from]!] }, ({ serial }) =>
      saved.push(serial),
    );
    expect(await trust.followAll(sets)).toBe(true);
    expect([...trust.keys.keys()]).toEqual([keys[4]?.kid, keys[5]?.kid]);
    expect(saved.at(-1)).toBe(6);
    expect(await trust.followAll(sets)).toBe(false);
  });

  it('follows no way that is broken, and none that a stranger made', async () => {
    const { keys, sets } = await rotations(5);
    const trust = await Trust.of(issuer, { serial: 1, keys: [keys[0]!] });
    const refused = { code: 'SIGNED_TOKEN_KEY_UNKNOWN' };
    await expect(trust.followAll(sets.toSpliced(1, 2))).rejects.toMatchObject(refused);
    expect([...trust.keys.keys()]).toEqual([keys[0]?.kid, keys[1]?.kid]);
    await expect(trust.followAll((await rotations(3)).sets)).rejects.toMatchObject(refused);
    expect(await trust.followAll(sets)).toBe(true);
  });
});
