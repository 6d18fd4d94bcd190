import { fuzzLink } from '@sallyport/agent-protocol/testing';
import { answerShards } from '../answer-shards.ts';

answerShards(async ({ from, to }) => {
  const found: string[] = [];
  for (let seed = from; seed < to; seed += 1)
    for (const victim of ['agent', 'client'] as const) {
      const wrong = await fuzzLink(seed, victim).catch((error: unknown) => String(error));
      if (wrong !== undefined) found.push(`seed ${seed}, to the ${victim}: ${wrong}`);
    }
  return found;
});
