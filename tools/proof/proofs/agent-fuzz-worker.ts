import { fuzzLink, shallow, type HostileLife } from '@sallyport/agent-protocol/testing';
import { answerShards } from '../answer-shards.ts';

answerShards(async ({ from, to }) => {
  const found: string[] = [];
  for (const victim of ['agent', 'client'] as const) {
    const lives: HostileLife[] = [];
    for (let seed = from; seed < to; seed += 1) {
      const life = await fuzzLink(seed, victim).catch((error: unknown) => String(error));
      if (typeof life !== 'string') lives.push(life);
      const wrong = typeof life === 'string' ? life : life.wrong;
      if (wrong !== undefined) found.push(`seed ${seed}, to the ${victim}: ${wrong}`);
    }
    // A peer that is cut off at once shows nothing.
    const little = shallow(lives);
    if (little !== undefined) found.push(`seeds ${from} to ${to - 1}, to the ${victim}: ${little}`);
  }
  return found;
});
