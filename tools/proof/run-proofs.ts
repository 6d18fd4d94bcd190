import type { Proof, ProofOutcome, Scale } from './proof.ts';

export interface ProofRun {
  readonly scale: Scale;
  /** A finished line for the reader. */
  readonly line: (text: string) => void;
  /** What the running proof says now; replaced by the next. */
  readonly progress: (text: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Row {
  readonly name: string;
  readonly amount: string;
  readonly found: string;
  readonly time: string;
  readonly figures: string;
}

const shownFindingsMax = 10;

/** Runs proofs one after the other and ends with a table. Answers how many of them found something. */
export async function runProofs(proofs: readonly Proof[], run: ProofRun): Promise<number> {
  const rows: Row[] = [];
  let failed = 0;
  for (const proof of proofs) {
    run.line(`${proof.name}: ${proof.shows}`);
    const begun = run.now();
    const outcome = await outcomeOf(proof, run);
    const seconds = (run.now() - begun) / 1000;
    for (const finding of outcome.found.slice(0, shownFindingsMax)) run.line(`  FOUND ${finding}`);
    if (outcome.found.length > 0) failed += 1;
    rows.push({
      name: proof.name,
      amount: outcome.amount,
      found: outcome.found.length === 0 ? 'nothing' : String(outcome.found.length),
      time: seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`,
      figures: outcome.figures ?? '',
    });
  }
  for (const line of table(rows)) run.line(line);
  return failed;
}

async function outcomeOf(proof: Proof, run: ProofRun): Promise<ProofOutcome> {
  try {
    return await proof.run(run.scale, {
      progress: (text) => run.progress(`${proof.name}: ${text}`),
      note: (text) => run.line(`  ${text}`),
    });
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { amount: 'broken off', found: [said] };
  }
}

function table(rows: readonly Row[]): readonly string[] {
  const head: Row = { name: 'proof', amount: 'amount', found: 'found', time: 'time', figures: '' };
  const columns = ['name', 'amount', 'found', 'time', 'figures'] as const;
  const widths = columns.map((column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  return [head, ...rows].map((row) =>
    columns
      .map((column, at) => row[column].padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}
