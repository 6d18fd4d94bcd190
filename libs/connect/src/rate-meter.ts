import type { Traffic } from './control-plane.ts';

/** Rates are taken over about this many samples. */
const samplesMax = 4;

/** Bytes per second over the last few samples. */
export class RateMeter {
  readonly #samples: (Traffic & { readonly at: number })[] = [];

  /** Takes what has been carried up to `now` (monotonic milliseconds). */
  sample(now: number, { bytesUp, bytesDown }: Traffic): void {
    this.#samples.push({ at: now, bytesUp, bytesDown });
    if (this.#samples.length > samplesMax) this.#samples.shift();
  }

  get rates(): { readonly rateUp: number; readonly rateDown: number } {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at <= first.at) return { rateUp: 0, rateDown: 0 };
    const seconds = (last.at - first.at) / 1000;
    return {
      rateUp: Math.round((last.bytesUp - first.bytesUp) / seconds),
      rateDown: Math.round((last.bytesDown - first.bytesDown) / seconds),
    };
  }
}
