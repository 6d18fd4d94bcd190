import { replayLine } from '@sallyport/ssm-protocol/testing';
import { inShards } from '../shards.ts';
import { count, type Proof } from '../proof.ts';

/** A million seeds of the simulation of client, gateway and agent. */
export const wireSimulation: Proof = {
  name: 'wire-simulation',
  shows:
    'bytes out are a prefix of bytes in, memory keeps its bounds, nothing stands still, every session ends with a reason',
  async run(scale, report) {
    const seeds = scale === 'full' ? 1_000_000 : 5_000;
    const begun = performance.now();
    const rate = (done: number) => count(Math.round((done * 1000) / (performance.now() - begun)));
    const found = await inShards({
      from: 0,
      to: seeds,
      size: 250,
      worker: new URL('./wire-simulation-worker.ts', import.meta.url),
      done: (done, findings) =>
        report.progress(`${count(done)} seeds, ${rate(done)} a second, ${findings.length} found`),
    });
    return {
      amount: `${count(seeds)} seeds`,
      found,
      figures: `${rate(seeds)} seeds/s, replay: ${replayLine(0)}`,
    };
  },
};
