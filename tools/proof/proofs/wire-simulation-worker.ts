import { replayLine, simulate } from '@sallyport/ssm-protocol/testing';
import { answerShards } from '../answer-shards.ts';

answerShards(({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    const { finding } = simulate(seed);
    if (finding !== undefined) found.push(`seed ${seed}: ${finding}; ${replayLine(seed)}`);
  }
  return found;
});
