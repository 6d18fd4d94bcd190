import { simulateLink } from '@sallyport/agent-protocol/testing';
import { answerShards } from '../answer-shards.ts';

answerShards(async ({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1) {
    const { broken } = await simulateLink(seed);
    if (broken.length > 0) found.push(`seed ${seed}: ${broken.join('; ')}`);
  }
  return found;
});
