import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fuzzDecoders, fuzzSeedsOf, readVectors } from '@sallyport/ssm-protocol/testing';
import { answerShards } from '../answer-shards.ts';

const golden = new URL('../../../libs/ssm-protocol/vectors/ssm-vectors.json', import.meta.url);
const seeds = fuzzSeedsOf(readVectors(readFileSync(golden, 'utf8')));
const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');

answerShards(({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    for (const { target, what, input } of fuzzDecoders({ seed, inputs: 25_000, sha256, seeds })) {
      found.push(`${target}: ${what} (seed ${seed}, input ${input})`);
    }
  }
  return found;
});
