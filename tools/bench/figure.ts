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

/** What was measured of one thing and of its baseline, one right after the other. */
export interface Pair {
  readonly value: number;
  readonly baseline: number;
}

/**
 * Both sides of pairs in the middle, and the middle of their ratios: a machine that is slow for some minutes is slow for both of a pair, and not for the whole of one
 * side.
 */
function middleOf(pairs: readonly Pair[]) {
  return {
    value: median(pairs.map(({ value }) => value)),
    baseline: median(pairs.map(({ baseline }) => baseline)),
    ratio: median(pairs.map(({ value, baseline }) => value / baseline)),
  };
}

/** {@link rateFigure} of pairs. */
export function pairedRateFigure(name: string, pairs: readonly Pair[], unit: string, target: number): Figure {
  const middle = middleOf(pairs);
  return { name, ...middle, unit, target, met: middle.ratio >= target };
}

/** {@link atMostFigure} of pairs, by ratio. */
export function pairedAtMostFigure(
  name: string,
  pairs: readonly Pair[],
  unit: string,
  target: number,
): Figure {
  const middle = middleOf(pairs);
  return { name, ...middle, unit, target, met: middle.ratio <= target };
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
