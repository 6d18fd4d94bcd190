import { describe, expect, it } from 'vitest';
import { tcpFlags } from '../packet/packet-view.ts';
import { ownScale, TcpEndpoint, type EndpointSettings } from './endpoint.ts';

const { fin, syn, rst, psh, ack } = tcpFlags;
const programFirst = 5_000;
const ownFirst = 2 ** 32 - 3;

/** One segment as the program's kernel would see it, its numbers counted from the first ones. */
interface Seen {
  readonly flags: number;
  readonly at: number;
  readonly acknowledged: number;
  readonly window: number;
  readonly payload: string;
}

/** An endpoint whose program is played by hand, at a clock that stands until it is moved. */
class Tried {
  readonly sent: Seen[] = [];
  readonly heard: string[] = [];
  readonly told: string[] = [];
  now = 0;
  ownWindow = 1 << 20;
  drained: () => void = () => undefined;
  readonly endpoint: TcpEndpoint;

  constructor(given: Partial<EndpointSettings> = {}) {
    this.endpoint = new TcpEndpoint({
      options: { mss: 1_000, scale: 0 },
      ...{ synSequence: programFirst, synWindow: 10_000, ownSequence: ownFirst, payloadMax: 65_495 },
      ...{ window: () => this.ownWindow, now: () => this.now },
      send: ({ flags, sequence, acknowledged, window, queue, offset, length }) => {
        const payload = new Uint8Array(length);
        queue.copy(offset, length, payload, 0);
        this.sent.push({
          ...{ flags, window, at: (sequence - ownFirst) >>> 0 },
          acknowledged: acknowledged - programFirst,
          payload: Buffer.from(payload).toString(),
        });
      },
      later: () => this.endpoint.flush(),
      stalled: () => void this.told.push('stalled'),
      data: (payload) => void this.heard.push(Buffer.from(payload).toString()),
      end: () => void this.told.push('end'),
      drain: () => this.drained(),
      over: (how) => void this.told.push(how),
      release: () => undefined,
      ...given,
    });
  }

  /** The handshake, done. */
  static open(given: Partial<EndpointSettings> = {}, window = 10_000): Tried {
    const tried = new Tried(given);
    tried.take(ack, 1, 1, '', window);
    tried.sent.length = 0;
    return tried;
  }

  /** A segment of the program; what is answered at once. */
  take(flags: number, at: number, acknowledged: number, payload = '', window = 10_000): readonly Seen[] {
    const before = this.sent.length;
    const bytes = Buffer.from(payload);
    this.endpoint.take({
      ...{ flags, window, bytes, from: 0, to: bytes.length },
      sequence: (programFirst + at) >>> 0,
      acknowledged: (ownFirst + acknowledged) >>> 0,
    });
    this.endpoint.acknowledge();
    return this.sent.slice(before);
  }

  /** Time passes, looked at as often as the device's end does. */
  pass(ms: number): readonly Seen[] {
    const before = this.sent.length;
    for (const until = this.now + ms; this.now < until;) {
      this.now += 100;
      this.endpoint.look();
    }
    return this.sent.slice(before);
  }

  say(text: string): readonly Seen[] {
    const before = this.sent.length;
    this.endpoint.write(Buffer.from(text));
    return this.sent.slice(before);
  }
}

describe('a closed window', () => {
  it('is probed with a byte that counts as sent only once it is taken: what opens it is answered from that byte at once', () => {
    const tried = Tried.open({}, 0);
    tried.say('abcdef');
    expect(tried.pass(300).map(({ at, payload }) => [at, payload])).toEqual([[1, 'a']]);
    expect(tried.take(ack, 1, 1, '', 0)).toEqual([]);
    expect(tried.take(ack, 1, 1).map(({ at, payload }) => [at, payload])).toEqual([[1, 'abcdef']]);
  });

  it('of which the probe was taken goes on behind it', () => {
    const tried = Tried.open({}, 0);
    tried.say('abcdef');
    tried.pass(300);
    expect(tried.take(ack, 1, 2).map(({ at, payload }) => [at, payload])).toEqual([[2, 'bcdef']]);
  });

  it('does not keep the program from being heard: what it says is acknowledged where its kernel accepts it', () => {
    const tried = Tried.open({}, 0);
    tried.say('abcdef');
    tried.pass(300);
    const [answer] = tried.take(ack | psh, 1, 1, 'hello', 0);
    expect(answer).toMatchObject({ at: 1, acknowledged: 6, payload: '' });
  });

  it('is told of to whoever looks, since nothing is in flight that would have it looked at', () => {
    const tried = Tried.open({}, 0);
    tried.say('abc');
    expect(tried.told).toEqual(['stalled']);
  });

  it('that takes an end is sent the end at once', () => {
    const tried = Tried.open({}, 0);
    tried.say('abc');
    tried.endpoint.finish();
    tried.pass(300);
    expect(tried.take(ack, 1, 1)).toMatchObject([{ at: 1, payload: 'abc', flags: ack | psh | fin }]);
    expect(tried.take(ack, 1, 5)).toEqual([]);
    tried.take(ack | fin, 1, 5);
    expect(tried.told.slice(-2)).toEqual(['end', 'closed']);
  });
});

describe('a window of the program', () => {
  it('is the one told with the acknowledgement that makes room, not the one before', () => {
    const tried = Tried.open({ options: { mss: 60_000, scale: 7 } }, 16_384);
    const first = 'x'.repeat(1 << 20);
    expect(tried.endpoint.write(Buffer.from(first))).toBe(false);
    // What waits for room is written in the very moment there is some.
    tried.drained = () => void tried.endpoint.write(Buffer.from('y'.repeat(2_000_000)));
    const answered = tried.take(ack, 1, 1 + 600_000, '', (1 << 20) >> 7);
    const furthest = Math.max(...answered.map(({ at, payload }) => at + payload.length));
    expect(furthest).toBeLessThanOrEqual(1 + 600_000 + (1 << 20));
    const later = tried.take(ack, 1, 1 + (1 << 20), '', 100);
    expect(
      later.reduce((most, { at, payload }) => Math.max(most, at + payload.length), 0),
    ).toBeLessThanOrEqual(1 + (1 << 20) + 100 * 128);
  });
});

describe('what the program may send', () => {
  it('is told again as soon as the reach goes on, where what is left is less than a segment', () => {
    const tried = Tried.open({ options: { mss: 60_000, scale: 7 }, window: () => 65_536 });
    tried.endpoint.pause();
    tried.take(ack, 1, 1, 'x'.repeat(40_000));
    tried.endpoint.resume();
    expect(tried.endpoint.owes).toBe(true);
    tried.endpoint.acknowledge();
    expect(tried.sent.at(-1)!.window << ownScale).toBe(65_536);
  });
});

describe('what waits for a program that does not read', () => {
  it('is less where many share the memory, and small pieces count for what they keep', () => {
    const tried = Tried.open({}, 0);
    tried.ownWindow = 64 << 10;
    expect(tried.endpoint.write(new Uint8Array(63 << 10))).toBe(true);
    expect(tried.endpoint.write(new Uint8Array(1 << 10))).toBe(false);
    const chatty = Tried.open({}, 0);
    let pieces = 0;
    while (chatty.endpoint.write(new Uint8Array(1))) pieces += 1;
    expect(pieces).toBeLessThan(10_000);
    expect(pieces).toBeGreaterThan(1_000);
  });
});

describe('a reset', () => {
  it('holds only where the next byte stands, whatever it carries, and is asked about elsewhere (RFC 5961)', () => {
    const tried = Tried.open();
    tried.take(ack, 1, 1, 'hello');
    expect(tried.take(rst, 10, 0)).toMatchObject([{ flags: ack, acknowledged: 6 }]);
    expect(tried.take(rst | ack, 1, 1, 'hello and more')).toMatchObject([{ flags: ack, acknowledged: 6 }]);
    expect(tried.told).toEqual([]);
    tried.take(rst, 6, 0);
    expect(tried.told).toEqual(['reset']);
  });

  it('of ours stands wherever the program’s kernel may be waiting: it takes no other', () => {
    const tried = Tried.open({}, 3);
    tried.say('abcdef');
    tried.take(ack, 1, 4, '', 0);
    tried.pass(300);
    tried.sent.length = 0;
    tried.endpoint.reset();
    expect(tried.sent.map(({ flags, at }) => [flags & rst, at])).toEqual([
      [rst, 5],
      [rst, 4],
    ]);
  });
});

describe('an acknowledgement', () => {
  it('of what was sent long before is asked about, and what comes with it is not heard (RFC 5961, 5)', () => {
    const tried = Tried.open();
    expect(tried.take(ack | psh, 1, 1 - 2 ** 30, 'forged')).toMatchObject([{ flags: ack, acknowledged: 1 }]);
    expect(tried.heard).toEqual([]);
  });

  it('that does not cover our SYN opens nothing, and what comes with it is not heard', () => {
    const tried = new Tried();
    tried.take(ack | psh, 1, 0, 'early');
    expect(tried.heard).toEqual([]);
    tried.take(ack | psh, 1, 1, 'now');
    expect(tried.heard).toEqual(['now']);
  });

  it('for what had gone twice is no sign of a hole: what is in flight is not sent once more for it', () => {
    const tried = Tried.open({ options: { mss: 10, scale: 0 }, payloadMax: 10 });
    tried.say('x'.repeat(100));
    for (let count = 0; count < 3; count += 1) tried.take(ack, 1, 1);
    const again = tried.sent.filter(({ at }) => at === 1).length;
    expect(again).toBe(2);
    // The hole is filled, and nine copies arrive that were there already.
    tried.say('y'.repeat(50));
    tried.sent.length = 0;
    tried.take(ack, 1, 101);
    for (let count = 0; count < 9; count += 1) tried.take(ack, 1, 101);
    expect(tried.sent).toEqual([]);
  });
});

describe('a SYN', () => {
  it('within a connection is asked about, and one that is repeated is answered again', () => {
    const tried = new Tried();
    expect(tried.take(syn, 0, 0)).toMatchObject([{ flags: syn | ack, at: 0, acknowledged: 1 }]);
    tried.take(ack, 1, 1);
    expect(tried.take(syn, 700, 0)).toMatchObject([{ flags: ack, at: 1, acknowledged: 1 }]);
    expect(tried.told).toEqual([]);
  });
});
