import type { MemoryUse } from '../../libs/connect/test/memory-trend.ts';

/** What had been done and what the process held at one moment. */
export interface UseSample extends MemoryUse {
  /** Since the pace began. */
  readonly hours: number;
  /** Since the tunnel was opened. */
  readonly conversations: number;
  readonly closes: number;
  /** The pool has now; each holds some hundred KiB of buffers. */
  readonly sessions: number;
}

const fields = [
  'hours',
  'conversations',
  'closes',
  'sessions',
  'data',
  'code',
  'heap',
  'resident',
] as const satisfies readonly (keyof UseSample)[];

/** Samples in memory that is taken once: what is remembered of them grows by nothing between the first and the last. */
export class SampleStore {
  readonly #numbers: Float64Array;
  #count = 0;

  /** `most`: how many there is room for; one each 2.5 s for three hours. */
  constructor(most = 4_320) {
    this.#numbers = new Float64Array(most * fields.length);
  }

  clear(): void {
    this.#count = 0;
  }

  add(sample: UseSample): void {
    const at = this.#count * fields.length;
    if (at === this.#numbers.length) throw new Error(`there is room for ${this.#count} samples, and no more`);
    for (const [n, field] of fields.entries()) this.#numbers[at + n] = sample[field];
    this.#count += 1;
  }

  all(): readonly UseSample[] {
    return Array.from({ length: this.#count }, (_, sample) => {
      const numbers = this.#numbers.subarray(sample * fields.length, (sample + 1) * fields.length);
      return Object.fromEntries(fields.map((field, n) => [field, numbers[n]])) as unknown as UseSample;
    });
  }
}
