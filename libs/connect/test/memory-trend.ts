import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use, after what nobody needs any more was given back. */
export function memoryInUse(): number {
  const { data, code } = memoryUse();
  return data + code;
}

export interface MemoryUse {
  /** Bytes of objects and buffers: what a leak would add to. */
  readonly data: number;
  /** Bytes of what V8 made of the program: bytecode, machine code and what belongs to them. It grows while functions get hot, and is given back when they cool. */
  readonly code: number;
  /** What V8 has taken for its heap, used and not. */
  readonly heap: number;
  /** What the kernel gives the process. */
  readonly resident: number;
}

const codeSpaces = new Set([
  'code_space',
  'code_large_object_space',
  'trusted_space',
  'trusted_large_object_space',
]);

/** What the process holds, after what nobody needs any more was given back. */
export function memoryUse(): MemoryUse {
  collect();
  collect();
  const { heapUsed, heapTotal: heap, external, rss: resident } = process.memoryUsage();
  const code = getHeapSpaceStatistics()
    .filter(({ space_name }) => codeSpaces.has(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  return { data: heapUsed + external - code, code, heap, resident };
}

export interface Sample {
  /** Hours since the beginning. */
  readonly hours: number;
  readonly bytes: number;
}

/** KiB per hour by which memory grows: least squares over the samples, the first fifth left out (caches and code warm up). */
export function slopeKiBPerHour(samples: readonly Sample[]): number {
  const counted = samples.slice(Math.floor(samples.length / 5));
  return slope(counted.map(({ hours, bytes }) => [hours, bytes / 1024]));
}

/** By how much y grows for each 1 of x: least squares. 0 when x stands still. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [atX, atY] = [mean(0), mean(1)];
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - atX) * (y - atY);
    below += (x - atX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
