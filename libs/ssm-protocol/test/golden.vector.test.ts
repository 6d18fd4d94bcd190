import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeVector, readVectors } from '../src/testing/index.ts';
import { aesGcm, sha256 } from './crypto.ts';

const file = new URL('../vectors/ssm-vectors.json', import.meta.url);
const vectors = readVectors(readFileSync(file, 'utf8'));
const tools = { sha256, aesGcm };

describe('the golden vectors', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('passes %s', (_name, vector) => {
    expect(judgeVector(vector, tools)).toBeUndefined();
  });

  it('are not passed by a codec that differs in one byte', () => {
    const changed = vectors
      .filter(({ kind }) => kind === 'message' || kind === 'smux' || kind === 'aes-gcm')
      .filter(({ hex }) => typeof hex === 'string')
      .map((vector) => ({ ...vector, hex: flipLastDigit(vector['hex'] as string) }));
    expect(changed.length).toBeGreaterThan(20);
    // Data of a smux frame may be anything; the last byte of these is in a header.
    expect(
      changed.filter((vector) => judgeVector(vector, tools) === undefined).map(({ name }) => name),
    ).toEqual(changed.filter(({ kind }) => kind === 'smux').map(({ name }) => name));
  });
});

function flipLastDigit(hex: string): string {
  return `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`;
}
