import { expect, it } from 'vitest';
import { killRounds } from './harness/helper-kills.ts';
import { mayMakeNamespaces } from './harness/namespaces.ts';

// The long form: npm run proof -- route-kills
it.skipIf(!mayMakeNamespaces)(
  'a2 kill -9 of client and helper at random moments leaves nothing, and the next tunnel works',
  { timeout: 300_000 },
  async () => {
    expect(await killRounds({ rounds: 10, seed: 20_261_122 })).toEqual([]);
  },
);
