import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use, after what nobody needs any more was given back. */
export function memoryInUse(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export interface Sample {
  /** Hours since the beginning. */
  readonly hours: number;
  readonly bytes: number;
}

/** KiB per hour by which memory grows: least squares over the samples, the first fifth left out (caches and code warm up). */
export function slopeKiBPerHour(samples: readonly Sample[]): number {
  const counted = samples.slice(Math.floor(samples.length / 5));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [atHours, atBytes] = [
    mean(counted.map(({ hours }) => hours)),
    mean(counted.map(({ bytes }) => bytes)),
  ];
  let above = 0;
  let below = 0;
  for (const { hours, bytes } of counted) {
    above += (hours - atHours) * (bytes - atBytes);
    below += (hours - atHours) ** 2;
  }
  return below === 0 ? 0 : above / below / 1024;
}
