import { inShards } from '../shards.ts';
import { count, type Proof } from '../proof.ts';

const inputsPerSeed = 25_000;

/** Ten million hostile inputs for the decoders and for whole sessions. */
export const decoderFuzz: Proof = {
  name: 'decoder-fuzz',
  shows:
    'whatever bytes a peer sends, decoders and sessions answer with catalogued reasons and keep their bounds',
  async run(scale, report) {
    const seeds = scale === 'full' ? 400 : 8;
    const begun = performance.now();
    const rate = (done: number) =>
      count(Math.round((done * inputsPerSeed * 1000) / (performance.now() - begun)));
    const found = await inShards({
      from: 1000,
      to: 1000 + seeds,
      size: 1,
      worker: new URL('./decoder-fuzz-worker.ts', import.meta.url),
      done: (done) => report.progress(`${count(done * inputsPerSeed)} inputs, ${rate(done)} a second`),
    });
    return { amount: `${count(seeds * inputsPerSeed)} inputs`, found, figures: `${rate(seeds)} inputs/s` };
  },
};
