import {
  fuzzEnds,
  fuzzPackets,
  fuzzPath,
  fuzzQueries,
  strictConversation,
  type Finding,
} from '@sallyport/tunnel/testing';
import { answerShards } from '../answer-shards.ts';

const told = (seed: number) => (finding: Finding) =>
  `${finding.what}: ${finding.bytes} (seed ${seed}, input ${finding.input})`;

/** Thirty conversations of the router's own TCP with a strict kernel, some with a hop that loses, doubles and swaps. */
function conversations(seed: number): string[] {
  const found: string[] = [];
  for (let number = seed * 30; number < (seed + 1) * 30; number += 1) {
    const share = number % 3 === 0 ? 0.02 : 0;
    const { wrong, way } = strictConversation(number, { lost: share, twice: share, swapped: share });
    found.push(...wrong.map((what) => `${what}: conversation ${number}, ${way}`));
  }
  return found;
}

answerShards(async ({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    found.push(...fuzzPackets(seed, 25_000).map(told(seed)));
    found.push(...fuzzPath(seed, 2_500).found.map(told(seed)));
    found.push(...fuzzEnds(seed, 2_500).found.map(told(seed)));
    found.push(...conversations(seed));
    found.push(...(await fuzzQueries(seed, 2_500)).map(told(seed)));
  }
  return found;
});
