import { inShards } from '../shards.ts';
import { count, type Proof } from '../proof.ts';

const inputsPerSeed = 32_500;

/**
 * Hostile packets, the path of the device with connections open in it, connections that end in the router, and questions for names: ten million, and one million
 * of each of the others; and twelve thousand conversations with a strict kernel.
 */
export const packetFuzz: Proof = {
  name: 'packet-fuzz',
  shows: 'whatever a packet or a question for a name holds, it is judged with a reason and answered soundly',
  async run(scale, report) {
    const seeds = scale === 'full' ? 400 : 8;
    const begun = performance.now();
    const rate = (done: number) =>
      count(Math.round((done * inputsPerSeed * 1000) / (performance.now() - begun)));
    const found = await inShards({
      from: 1000,
      to: 1000 + seeds,
      size: 1,
      worker: new URL('./packet-fuzz-worker.ts', import.meta.url),
      done: (done) => report.progress(`${count(done * inputsPerSeed)} inputs, ${rate(done)} a second`),
    });
    return { amount: `${count(seeds * inputsPerSeed)} inputs`, found, figures: `${rate(seeds)} inputs/s` };
  },
};
