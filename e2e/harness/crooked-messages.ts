/** Numbers from a seed (mulberry32): the same seed makes the same messages. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const strange: unknown[] = [
  null,
  -1,
  1e308,
  '',
  '../../etc/passwd',
  '$(reboot)',
  '10.0.0.0/16; flush ruleset',
  'a\nadd table inet x',
  '\u0000',
  'x'.repeat(5000),
  [],
  {},
  { __proto__: null, constructor: 'x' },
  [[[[[[[[]]]]]]]],
];

/** Messages that no client would send: cut, flipped, overlong, and well-made frames with values nobody expects in them. */
export function* crookedMessages(good: Buffer, seed: number, count: number): Generator<Buffer> {
  const next = numbers(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const form = JSON.parse(good.subarray(4).toString('utf8')) as Record<string, unknown>;
  const keys = [
    ...Object.keys(form),
    'virtual',
    'listeners',
    'exclude',
    'dns',
    'mtu',
    'framing',
    'path',
    'command',
  ];
  for (let made = 0; made < count; made += 1) {
    const kind = below(6);
    if (kind === 0) yield good.subarray(0, below(good.length));
    else if (kind === 1) yield Buffer.from(Array.from({ length: 1 + below(200) }, () => below(256)));
    else if (kind === 2) {
      const flipped = Buffer.from(good);
      for (let flips = 1 + below(8); flips > 0; flips -= 1) flipped[below(flipped.length)]! ^= 1 << below(8);
      yield flipped;
    } else if (kind === 3) {
      const length = Buffer.from(good);
      length.writeUInt32BE([0, 1, 65_537, 0xffff_ffff, good.length][below(5)]!, 0);
      yield length;
    } else {
      const changed = { ...form };
      for (let edits = 1 + below(3); edits > 0; edits -= 1)
        changed[keys[below(keys.length)]!] = strange[below(strange.length)];
      yield framed(kind === 4 ? changed : { type: changed.type, ...nested(changed, below(4)) });
    }
  }
}

function nested(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  return depth === 0 ? value : { virtual: nested(value, depth - 1), dns: value };
}

/** A frame without the sender's own bound: too large is one of the ways to be wrong. */
function framed(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length);
  body.copy(frame, 4);
  return frame;
}
