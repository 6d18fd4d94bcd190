/** How much a session moved between reads, for its sparkline. Pure. */

export interface ByteSample {
  at: number;
  bytes: number;
}

/** Samples kept per session: about five minutes at one read in ten seconds. */
export const samplesMax = 30;

/** The samples with one more read. Reads that bring nothing new in time are not kept twice. */
export function withSample(samples: readonly ByteSample[], sample: ByteSample): ByteSample[] {
  const last = samples.at(-1);
  if (last && sample.at - last.at < 1_000) return [...samples.slice(0, -1), { ...sample, at: last.at }];
  return [...samples, sample].slice(-samplesMax);
}

/** Bytes per second between neighbouring samples; never negative. */
export function rates(samples: readonly ByteSample[]): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index]!;
    return Math.max(0, ((sample.bytes - before.bytes) * 1_000) / (sample.at - before.at));
  });
}

/** Points of a line in a box of this size, newest at the right, highest rate at the top. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  const highest = Math.max(1, ...values);
  const step = width / (samplesMax - 2);
  return values
    .map((value, index) => {
      const x = width - (values.length - 1 - index) * step;
      const y = height - 1 - (value / highest) * (height - 2);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
