import { afterEach, describe, expect, it, vi } from 'vitest';
import { Carrier } from './link/carrier.ts';
import { LinkStream } from './link/link-stream.ts';
import { Reassembly } from './link/reassembly.ts';
import { SeenIds } from './link/seen-ids.ts';
import { Association } from './agent/association.ts';
import { fuzzLink, shallow, type HostileLife } from './testing/index.ts';

/** Lives of hostile peers, until something wrong is found. */
async function lives(seeds: number, to: 'agent' | 'client'): Promise<HostileLife[]> {
  const lived: HostileLife[] = [];
  for (let seed = 1; seed <= seeds && lived.at(-1)?.wrong === undefined; seed++)
    lived.push(await fuzzLink(seed, to));
  return lived;
}

afterEach(() => void vi.restoreAllMocks());

describe.each(['agent', 'client'] as const)('a hostile peer of the %s', (to) => {
  it(
    'that keeps the rules until its last frame finds bounds, codes and others unharmed',
    { timeout: 180_000 },
    async () => {
      const all = await lives(40, to);
      expect(all.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
      expect(shallow(all)).toBeUndefined();
      // Most end with a violation of their own, and some with none.
      expect(new Set(all.map(({ violation }) => violation)).size).toBeGreaterThan(8);
      expect(all.some(({ violation }) => violation === undefined)).toBe(true);
    },
  );

  const passesOn = LinkStream.prototype.arrived;
  const takes = Reassembly.prototype.take;
  const early = Object.getOwnPropertyDescriptor(Reassembly.prototype, 'waiting')!.get as () => number;
  const ends = LinkStream.prototype.finished;
  it.each<[string, RegExp, () => void]>([
    [
      'does not hold data against the credit',
      /credit|beyond its window/,
      () => vi.spyOn(LinkStream.prototype, 'checkOffset').mockReturnValue(undefined),
    ],
    [
      'gives credit for what nobody has read',
      /beyond the bounds: \d+ bytes kept/,
      () =>
        vi.spyOn(LinkStream.prototype, 'arrived').mockImplementation(function (
          this: LinkStream,
          offset,
          bytes,
        ) {
          passesOn.call(this, offset, bytes);
          this.consumed(bytes.length);
        }),
    ],
    [
      'forgets to bound what waits for earlier pieces',
      /early pieces/,
      () => {
        const piled = new WeakMap<Reassembly, number>();
        vi.spyOn(Reassembly.prototype, 'take').mockImplementation(function (this: Reassembly, ...piece) {
          try {
            takes.apply(this, piece);
          } catch {
            piled.set(this, (piled.get(this) ?? 0) + 1);
          }
        });
        vi.spyOn(Reassembly.prototype, 'waiting', 'get').mockImplementation(function (this: Reassembly) {
          return early.call(this) + (piled.get(this) ?? 0);
        });
      },
    ],
    [
      'takes a second end',
      /end/,
      () =>
        vi.spyOn(LinkStream.prototype, 'finished').mockImplementation(function (this: LinkStream, offset) {
          try {
            ends.call(this, offset);
          } catch {
            // The defect: it goes on.
          }
        }),
    ],
    ['believes every receipt', /receipt/, () => vi.spyOn(Carrier.prototype, 'confirm').mockReturnValue(true)],
  ])('is seen when the victim %s', { timeout: 180_000 }, async (_what, seen, plant) => {
    plant();
    const found = (await lives(150, to)).at(-1)?.wrong;
    expect(found).toMatch(seen);
  });
});

it.each<[string, RegExp, () => void]>([
  [
    'opens more conversations than the limit',
    /beyond the bounds: \d+ conversations/,
    () => vi.spyOn(Association.prototype, 'streamsMax', 'get').mockReturnValue(1e9),
  ],
  [
    'forgets which ids were used',
    /ids left out|outlive|ended|tripped|conversation/,
    () => vi.spyOn(SeenIds.prototype, 'take').mockReturnValue(true),
  ],
])('an agent that %s is seen', { timeout: 180_000 }, async (_what, seen, plant) => {
  plant();
  expect((await lives(300, 'agent')).at(-1)?.wrong).toMatch(seen);
});
