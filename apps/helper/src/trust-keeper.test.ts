import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, signerOf, signKeySet, signRouteGrant } from '@sallyport/grant-token';
import { TrustKeeper, trustText } from './trust-keeper.ts';
import { movedTrust, trustForm } from './trust.ts';

const issuer = 'https://sallyport.test';
const keys = await Promise.all([0, 1, 2, 3].map(() => generateKeyPair()));
const [first, second, third, stranger] = keys.map(({ publicKey }) => publicKey) as [
  never,
  never,
  never,
  never,
];
const signers = await Promise.all(keys.map(({ privateKey }) => signerOf(privateKey)));
const fileOf = (serial: number, ...trusted: never[]) =>
  trustForm.parse({ issuers: [{ issuer, serial, keys: trusted }] });

/** The sets of two rotations: each is signed with the key that signed before it. */
const toSecond = await signKeySet({ issuer, serial: 2, keys: [first, second] }, signers[0]!);
const toThird = await signKeySet({ issuer, serial: 3, keys: [second, third] }, signers[1]!);

const ofStranger = await signKeySet({ issuer, serial: 2, keys: [stranger] }, signers[3]!);
const ofAnother = await signKeySet(
  { issuer: 'https://other.test', serial: 2, keys: [stranger] },
  signers[0]!,
);
const grant = await signRouteGrant(
  {
    ...{ iss: issuer, aud: 'sallyport-helper', jti: 'j', sub: 'g', usr: 'u', nbf: 1, exp: 2 },
    ...{ routes: [], names: [], suffixes: [] },
  },
  signers[0]!,
);

describe('trust', () => {
  const installed = fileOf(1, first);

  it('moves along a chain of sets that begins at a trusted key', async () => {
    const moved = await movedTrust(installed, [toSecond, toThird]);
    expect(moved).toMatchObject({ issuer, serial: 3, file: fileOf(3, second, third) });
  });

  it('passes over sets that it has behind it', async () => {
    expect(await movedTrust(fileOf(2, first, second), [toSecond, toThird])).toMatchObject({ serial: 3 });
  });

  it('leaves other control planes alone', async () => {
    const other = { issuer: 'https://other.test', serial: 7, keys: [stranger] };
    const moved = await movedTrust({ issuers: [other, ...installed.issuers] }, [toSecond]);
    expect(moved.file.issuers).toEqual([other, ...fileOf(2, first, second).issuers]);
  });

  it.each([
    ['the same set again', 'SIGNED_TOKEN_EXPIRED', fileOf(2, first, second), [toSecond]],
    ['the whole chain again', 'SIGNED_TOKEN_EXPIRED', fileOf(3, second, third), [toSecond, toThird]],
    ['an older set of a key still trusted', 'SIGNED_TOKEN_EXPIRED', fileOf(9, first), [toSecond]],
    ['a set that starts at a key nobody told of', 'SIGNED_TOKEN_KEY_UNKNOWN', installed, [toThird]],
    ['what is no set', 'SIGNED_TOKEN_MALFORMED', installed, ['no set']],
    ['a set of a stranger', 'SIGNED_TOKEN_KEY_UNKNOWN', installed, [ofStranger]],
    ['a set for another control plane', 'SIGNED_TOKEN_ISSUER_WRONG', installed, [ofAnother]],
    [
      'a good set with a forged one behind it',
      'SIGNED_TOKEN_SIGNATURE_WRONG',
      installed,
      [toSecond, `${toThird.slice(0, -86)}${toSecond.slice(-86)}`],
    ],
    ['a route grant in place of a set', 'SIGNED_TOKEN_TYPE_WRONG', installed, [grant]],
  ])('refuses %s (%s)', async (_what, code, from, keySets) => {
    await expect(movedTrust(from, keySets)).rejects.toMatchObject({ code });
  });
});

it('is moved by no set with a changed byte, however it is changed', async () => {
  const property = fc.asyncProperty(
    fc.nat(toSecond.length - 1),
    fc.constantFrom('', 'A', '_', '.', '=', '\u0000', 'é', 'AA'),
    async (at, instead) => {
      const changed = toSecond.slice(0, at) + instead + toSecond.slice(at + 1);
      if (changed === toSecond) return;
      await expect(movedTrust(fileOf(1, first), [changed])).rejects.toMatchObject({
        code: expect.stringMatching(/^SIGNED_TOKEN_/),
      });
    },
  );
  await fc.assert(property, { numRuns: 500, seed: 7 });
});

describe.skipIf(process.getuid?.() !== 0)('the trust file of a running helper', () => {
  let folder: string;
  const path = () => join(folder, 'trust.json');
  beforeEach(() => {
    folder = mkdtempSync('/var/lib/sallyport-test-');
    chmodSync(folder, 0o755);
    // As an earlier version wrote it.
    writeFileSync(path(), JSON.stringify({ issuers: [{ issuer, keys: [first] }] }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is replaced whole, by root alone, and what two clients bring at once is taken once', async () => {
    const keeper = await TrustKeeper.open(path());
    // A crash in the middle of an earlier replacement.
    writeFileSync(`${path()}.new`, 'half', { mode: 0o666 });
    const taken = await Promise.allSettled([keeper.follow([toSecond]), keeper.follow([toSecond])]);
    expect(taken.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(readFileSync(path(), 'utf8')).toBe(trustText(fileOf(2, first, second)));
    expect(existsSync(`${path()}.new`)).toBe(false);
    expect(keeper.issuers[0]?.fingerprints).toHaveLength(2);
    expect((await TrustKeeper.open(path())).issuers).toEqual(keeper.issuers);
  });

  it('that others may write is neither read nor replaced', async () => {
    const keeper = await TrustKeeper.open(path());
    const before = readFileSync(path(), 'utf8');
    chmodSync(folder, 0o777);
    await expect(keeper.follow([toSecond])).rejects.toMatchObject({ code: 'HELPER_PATH_UNSAFE' });
    expect(readFileSync(path(), 'utf8')).toBe(before);
  });
});
