import { afterEach, describe, expect, it, vi } from 'vitest';
import { Carrier } from './link/carrier.ts';
import { LinkStream } from './link/link-stream.ts';
import { Reassembly } from './link/reassembly.ts';
import { SeenIds } from './link/seen-ids.ts';
import { simulateLink } from './testing/index.ts';

const seeds = 1_000;

/** The first seed whose life breaks a rule, and the rule. */
async function firstBroken(upTo: number): Promise<string | undefined> {
  for (let seed = 1; seed <= upTo; seed++) {
    const { broken } = await simulateLink(seed);
    if (broken.length > 0) return `seed ${seed}: ${broken.join('; ')}`;
  }
  return undefined;
}

it(
  `hears what was said, in order and once, whatever becomes of the carriers (${seeds} lives)`,
  { timeout: 300_000 },
  async () => {
    expect(await firstBroken(seeds)).toBeUndefined();
  },
);

it('keeps what a conversation says behind its opening when that went over a stalled carrier and another comes', async () => {
  expect((await simulateLink(115_172)).broken).toEqual([]);
});

it('lives lives in which windows grow, and are refused to', async () => {
  const grown: number[] = [];
  for (let seed = 1; seed <= 60; seed++) grown.push((await simulateLink(seed)).windowBytes);
  expect(grown.filter((bytes) => bytes > 0).length).toBeGreaterThan(5);
  expect(Math.max(...grown)).toBe(384 * 1024);
});

it('lives the same life again by the same seed', async () => {
  const [first, again, other] = [await simulateLink(42), await simulateLink(42), await simulateLink(43)];
  expect(again).toEqual(first);
  expect(other.trace).not.toBe(first.trace);
});

describe('catches a link that', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('sends nothing again when a carrier is lost', async () => {
    vi.spyOn(Carrier.prototype, 'handOver').mockReturnValue([]);
    expect(await firstBroken(40)).toMatch(/did not come to its end/u);
  });

  it('hands out pieces as they come', async () => {
    vi.spyOn(Reassembly.prototype, 'take').mockImplementation(function (
      this: Reassembly,
      _offset,
      bytes,
      deliver,
    ) {
      this.delivered += bytes.length;
      deliver(bytes);
    });
    expect(await firstBroken(40)).toMatch(/not what was said|did not come to its end|more was heard/u);
  });

  it('opens a conversation as often as it is asked', async () => {
    vi.spyOn(SeenIds.prototype, 'take').mockReturnValue(true);
    expect(await firstBroken(400)).toMatch(/dialled twice/u);
  });

  it('keeps what the window of a conversation has grown by', async () => {
    vi.spyOn(LinkStream.prototype, 'windowBeyondFirst', 'get').mockReturnValue(0);
    expect(await firstBroken(60)).toMatch(/windows keep/u);
  });

  it('takes no credit', async () => {
    vi.spyOn(LinkStream.prototype, 'credited').mockImplementation(() => undefined);
    expect(await firstBroken(200)).toMatch(/did not come to its end/u);
  });
});
