import { inShards } from '../shards.ts';
import { count, type Proof } from '../proof.ts';

/** Two hundred thousand lives of a link to the companion agent. */
export const agentSimulation: Proof = {
  name: 'agent-simulation',
  shows:
    'what is heard over carriers that come and go is what was said, in order and once, and all comes to its end',
  async run(scale, report) {
    const seeds = scale === 'full' ? 200_000 : 1_000;
    const begun = performance.now();
    const rate = (done: number) => count(Math.round((done * 1000) / (performance.now() - begun)));
    const found = await inShards({
      from: 10_000,
      to: 10_000 + seeds,
      size: 100,
      worker: new URL('./agent-simulation-worker.ts', import.meta.url),
      done: (done, findings) =>
        report.progress(`${count(done)} seeds, ${rate(done)} a second, ${findings.length} found`),
    });
    return { amount: `${count(seeds)} seeds`, found, figures: `${rate(seeds)} seeds/s` };
  },
};
