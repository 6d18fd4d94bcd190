import { fuzzPackets, fuzzPath, fuzzQueries, type Finding } from '@sallyport/tunnel/testing';
import { answerShards } from '../answer-shards.ts';

const told = (seed: number) => (finding: Finding) =>
  `${finding.what}: ${finding.bytes} (seed ${seed}, input ${finding.input})`;

answerShards(async ({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    found.push(...fuzzPackets(seed, 25_000).map(told(seed)));
    found.push(...fuzzPath(seed, 2_500).found.map(told(seed)));
    found.push(...(await fuzzQueries(seed, 2_500)).map(told(seed)));
  }
  return found;
});
