import type { HelperStatus } from '@sallyport/tunnel/helper-messages';

export type SetReport = HelperStatus['sets'][number];

/** Bytes of JSON that the reports of one answer may have: the rest of the message's 64 KiB is for whom it believes and what was swept. */
export const pageBytesMax = 40 * 1024;

/** The reports that fit into one answer, in their order and at least one, and where the next answer begins; null when these were the last. */
export async function pageOf(
  slots: readonly number[],
  report: (slot: number) => Promise<SetReport | null>,
): Promise<{ sets: SetReport[]; next: number | null }> {
  const sets: SetReport[] = [];
  let bytes = 0;
  for (const slot of slots) {
    const told = await report(slot);
    // Gone while it was looked at.
    if (told === null) continue;
    const set = bounded(told, pageBytesMax);
    bytes += bytesOf(set);
    if (sets.length > 0 && bytes > pageBytesMax) return { sets, next: slot };
    sets.push(set);
  }
  return { sets, next: null };
}

/** A report that is too long by itself loses the ends of its longest sections, and says how many lines. */
export function bounded(set: SetReport, bytesMax: number): SetReport {
  const sections = set.sections.map((section) => ({ ...section, lines: [...section.lines], left: 0 }));
  const shown = () => ({
    ...set,
    sections: sections.map(({ left, lines, ...section }) => ({
      ...section,
      lines: left === 0 ? lines : [...lines, `... and ${left} lines more, left out`],
    })),
  });
  for (;;) {
    const report = shown();
    const longest = sections.reduce((one, other) => (bytesOf(other) > bytesOf(one) ? other : one), {
      ...{ title: '', command: '', lines: [] as string[], left: 0 },
    });
    if (bytesOf(report) <= bytesMax || longest.lines.length === 0) return report;
    const keep = Math.floor(longest.lines.length / 2);
    longest.left += longest.lines.length - keep;
    longest.lines.length = keep;
  }
}

const bytesOf = (value: object) => Buffer.byteLength(JSON.stringify(value));
