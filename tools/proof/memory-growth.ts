import { slope } from '../../libs/connect/test/memory-trend.ts';
import type { UseSample } from './use-samples.ts';

/** How memory grew over some samples, least squares. */
export interface Growth {
  /** KiB an hour: of objects and buffers, of what V8 compiled, of both, and of what the kernel gives. */
  readonly data: number;
  readonly code: number;
  readonly inUse: number;
  readonly resident: number;
  /** Bytes of objects and buffers for each conversation, and for each close; each is taken for the cause of all of it. */
  readonly conversation: number;
  readonly close: number;
}

/** What may leave something behind. */
export type Cause = 'conversation' | 'close';

export function growthOf(samples: readonly UseSample[]): Growth {
  const by = (x: (sample: UseSample) => number, y: (sample: UseSample) => number) =>
    slope(amongEqual(samples, x, y));
  const hours = ({ hours }: UseSample) => hours;
  return {
    data: by(hours, ({ data }) => data / 1024),
    code: by(hours, ({ code }) => code / 1024),
    inUse: by(hours, ({ data, code }) => (data + code) / 1024),
    resident: by(hours, ({ resident }) => resident / 1024),
    conversation: by(
      ({ conversations }) => conversations,
      ({ data }) => data,
    ),
    close: by(
      ({ closes }) => closes,
      ({ data }) => data,
    ),
  };
}

/**
 * Points of the samples as their distance from the mean of those with as many sessions. The pool has more or fewer by need, and a session weighs some
 * hundred KiB: that one came or went is no growth.
 */
function amongEqual(
  samples: readonly UseSample[],
  x: (sample: UseSample) => number,
  y: (sample: UseSample) => number,
): (readonly [number, number])[] {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...Map.groupBy(samples, ({ sessions }) => sessions).values()].flatMap((group) => {
    const [atX, atY] = [mean(group.map(x)), mean(group.map(y))];
    return group.map((sample) => [x(sample) - atX, y(sample) - atY] as const);
  });
}

/**
 * What is taken for flat. A leak is of objects and buffers, in whichever amount somebody's use brings; what V8 compiles grows as long as functions get
 * hot, by less and less, so that it has a wider bound. Resident memory comes and goes in greater pieces than what is in use.
 */
const anHourMax = { data: 128, code: 768, resident: 8_192 };
/**
 * Half of what the canaries leak, bytes for each. Buffers of some 200 KiB are there or not at the moment of a sample, which is a kilobyte or so of each
 * of the few closes that a few minutes bring.
 */
const eachMax = { conversation: 512, close: 4_096 };

/** What speaks against flat memory in an hour of ordinary use. */
export function growthInAnHour({ data, code, resident }: Growth): readonly string[] {
  const found: string[] = [];
  if (data > anHourMax.data) found.push(`objects and buffers grow by ${data.toFixed(0)} KiB per real hour`);
  if (code > anHourMax.code) found.push(`compiled code grows by ${code.toFixed(0)} KiB per real hour`);
  if (resident > anHourMax.resident)
    found.push(`resident memory grows by ${resident.toFixed(0)} KiB per real hour`);
  return found;
}

/** What speaks against flat memory in minutes in which as much of one thing is done as else in an hour. */
export function growthByUse(growth: Growth, cause: Cause): readonly string[] {
  const bytes = growth[cause];
  return bytes > eachMax[cause] ? [`each ${cause} leaves ${bytes.toFixed(0)} bytes`] : [];
}

/** The samples as a reader wants them: KiB of data, of code, of V8's heap with what is free in it, and of resident memory at this many moments. */
export function series(samples: readonly UseSample[], moments = 8): string {
  const step = Math.max(1, (samples.length - 1) / (moments - 1));
  const shown = Array.from({ length: moments }, (_, n) => samples[Math.round(n * step)]).filter(
    (sample) => sample !== undefined,
  );
  return shown
    .map(({ hours, data, code, heap, resident }) =>
      [`${(hours * 60).toFixed(hours < 0.1 ? 1 : 0)} min`, ...[data, code, heap, resident].map(kib)].join(
        ' ',
      ),
    )
    .join('; ');
}

const kib = (bytes: number) => (bytes / 1024).toFixed(0);
