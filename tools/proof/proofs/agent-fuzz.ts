import { inShards } from '../shards.ts';
import { count, type Proof } from '../proof.ts';

/** A hostile client against our agent, and a hostile agent against our client. */
export const agentFuzz: Proof = {
  name: 'agent-fuzz',
  shows:
    'whatever an admitted peer says, the other end answers with the catalogued problem and keeps its bounds',
  async run(scale, report) {
    const seeds = scale === 'full' ? 50_000 : 500;
    const found = await inShards({
      from: 10_000,
      to: 10_000 + seeds,
      size: 50,
      worker: new URL('./agent-fuzz-worker.ts', import.meta.url),
      done: (done, findings) => report.progress(`${count(done)} seeds, ${findings.length} found`),
    });
    return { amount: `${count(2 * seeds)} hostile peers`, found };
  },
};
