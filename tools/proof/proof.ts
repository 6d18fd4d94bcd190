/** `quick`: the same proof, short enough to try the command; `full`: the amount that the proof stands for. */
export type Scale = 'quick' | 'full';

/** What a proof tells while it runs. */
export interface ProofReport {
  /** How far it is, in a few words; the latest stands on the terminal. */
  progress(text: string): void;
  /** What stays to be read beside the outcome: a line of its own. */
  note(text: string): void;
}

export interface ProofOutcome {
  /** What was run, for example `1,000,000 seeds`. */
  readonly amount: string;
  /** What is wrong, each with how to see it again. Empty when the proof holds. */
  readonly found: readonly string[];
  /** Measured beside it, for example `median 120 ms, p99 900 ms`. */
  readonly figures?: string;
}

/**
 * The long form of something that `npm test` samples. One file of `proofs/` for each, listed in `registry.ts`. A proof that throws
 * has found something.
 */
export interface Proof {
  readonly name: string;
  /** What holds when nothing is found, as a sentence. */
  readonly shows: string;
  run(scale: Scale, report: ProofReport): Promise<ProofOutcome>;
}

/** 1234567 as `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
