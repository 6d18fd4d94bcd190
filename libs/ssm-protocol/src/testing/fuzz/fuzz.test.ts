import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../test/crypto.ts';
import { readVectors } from '../vectors.ts';
import { fuzzDecoders, fuzzSeedsOf } from './fuzz.ts';

const golden = new URL('../../../vectors/ssm-vectors.json', import.meta.url);
const seeds = fuzzSeedsOf(readVectors(readFileSync(golden, 'utf8')));

describe('decoders fed with hostile bytes', () => {
  it.each([1, 2, 3, 4])(
    'meet 50,000 inputs with nothing but catalogued reasons (seed %i)',
    { timeout: 120_000 },
    (seed) => {
      expect(fuzzDecoders({ seed, inputs: 50_000, sha256, seeds })).toEqual([]);
    },
  );

  it('are caught when one of them throws, answers an uncatalogued reason or keeps too much', () => {
    const judges = {
      throwing: (input: Uint8Array) => (input.length > 100 ? String(input[999]!.toString()) : undefined),
      lax: (input: Uint8Array) => (input[0] === 0x7f ? 'reason OOPS is not catalogued' : undefined),
    };
    const findings = fuzzDecoders({ seed: 5, inputs: 20_000, sha256, seeds, judges });
    const targets = new Set(findings.map(({ target }) => target));
    expect(targets).toContain('throwing');
    expect(findings[0]?.input.length).toBeGreaterThan(0);
  });
});
