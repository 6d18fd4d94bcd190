import { expect, it } from 'vitest';
import { bounded, pageBytesMax, pageOf, type SetReport } from './status-pages.ts';

const report = (device: string, lines: number, characters = 100): SetReport => ({
  ...{ device, via: 'tun', uid: 1000, grants: ['grt_1'], endsAt: 0 },
  sections: [
    { title: 'device', command: 'ip address', lines: ['first'] },
    {
      title: 'filter',
      command: 'nft list',
      lines: Array.from({ length: lines }, () => 'ä'.repeat(characters)),
    },
  ],
});

it('are as many as fit, and say where the next begins', async () => {
  const slots = Array.from({ length: 16 }, (_, at) => at * 2);
  const told: string[] = [];
  let next: number | null = 0;
  let pages = 0;
  while (next !== null) {
    const from: number = next;
    const page = await pageOf(
      slots.filter((slot) => slot >= from),
      async (slot) => (slot === 4 ? null : report(`sally${slot}`, 40)),
    );
    expect(Buffer.byteLength(JSON.stringify(page.sets))).toBeLessThan(pageBytesMax + 1024);
    told.push(...page.sets.map(({ device }) => device ?? ''));
    next = page.next;
    pages += 1;
  }
  expect(pages).toBeGreaterThan(2);
  expect(told).toEqual(slots.filter((slot) => slot !== 4).map((slot) => `sally${slot}`));
});

it('lose lines of their longest section alone, and say how many', () => {
  const { sections } = bounded(report('sally0', 1000), pageBytesMax);
  expect(sections[0]?.lines).toEqual(['first']);
  const lines = sections[1]?.lines ?? [];
  expect(lines.at(-1)).toBe(`... and ${1000 - (lines.length - 1)} lines more, left out`);
  expect(Buffer.byteLength(JSON.stringify(bounded(report('sally0', 3, 60_000), pageBytesMax)))).toBeLessThan(
    pageBytesMax,
  );
  expect(bounded(report('sally0', 2), pageBytesMax)).toEqual(report('sally0', 2));
});
