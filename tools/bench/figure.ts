/** One measured number beside the baseline of the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same unit as `value`. */
  readonly baseline: number;
  /** value / baseline. */
  readonly ratio: number;
  /** What `ratio` (or `value`, where the unit says so) should reach. */
  readonly target: number;
  readonly met: boolean;
}

/** A benchmark: what it measures in one sentence, and the measuring. */
export interface Bench {
  readonly title: string;
  run(): Promise<readonly Figure[]>;
}

/** A rate that should reach a share of its baseline. */
export function rateFigure(
  name: string,
  value: number,
  unit: string,
  baseline: number,
  target: number,
): Figure {
  const ratio = value / baseline;
  return { name, value, unit, baseline, ratio, target, met: ratio >= target };
}

/**
 * A figure that should stay small: its value, its ratio to the baseline, or its difference from the baseline is at most the target. For a difference
 * the target is of the same unit.
 */
export function atMostFigure(
  name: string,
  value: number,
  unit: string,
  baseline: number,
  target: { readonly value: number } | { readonly ratio: number } | { readonly difference: number },
): Figure {
  const ratio = value / baseline;
  const [judged, most] =
    'value' in target
      ? [value, target.value]
      : 'ratio' in target
        ? [ratio, target.ratio]
        : [value - baseline, target.difference];
  return { name, value, unit, baseline, ratio, target: most, met: judged <= most };
}

/** The middle of an odd number of measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
