import { SeededRandom } from '@sallyport/effects/simulated';
import { describe, expect, it } from 'vitest';
import { tcpFlags } from '../packet/packet-view.ts';
import { ownScale, TcpEndpoint, type Outgoing } from './endpoint.ts';
import { ahead, plus } from './sequence.ts';

interface Wire {
  flags: number;
  sequence: number;
  acknowledged: number;
  window: number;
  payload: Uint8Array;
}

/** The kernel of a program, as plain as can be: one segment in flight, no window but what is told, everything sent again until it is acknowledged. */
class PlainPeer {
  readonly heard: Uint8Array[] = [];
  ended = false;
  open = false;
  wasReset = false;
  readonly #say: Uint8Array;
  readonly #out: (segment: Wire) => void;
  readonly #scale = 5;
  readonly first: number;
  #saidTo = 0;
  #finTaken = false;
  #expected = 0;
  #edge = 0;
  /** Bytes that it takes: a program that reads slowly. */
  window = 70_000;

  constructor(say: Uint8Array, first: number, out: (segment: Wire) => void) {
    this.#say = say;
    this.first = first;
    this.#out = out;
  }
  get done(): boolean {
    return this.ended && this.#finTaken;
  }
  hear({ flags, sequence, acknowledged, window, payload }: Wire): void {
    if ((flags & tcpFlags.rst) !== 0) {
      this.wasReset = true;
      return;
    }
    if ((flags & tcpFlags.syn) !== 0) {
      if (!this.open) this.#expected = plus(sequence, 1);
      this.open = true;
      this.#edge = plus(acknowledged, window);
      return this.#send(0, new Uint8Array());
    }
    if (!this.open) return;
    const taken = ahead(acknowledged, plus(this.first, 1));
    if (taken > this.#say.length) this.#finTaken = true;
    this.#saidTo = Math.max(this.#saidTo, Math.min(taken, this.#say.length));
    const edge = plus(acknowledged, window << ownScale);
    if (ahead(edge, this.#edge) > 0) this.#edge = edge;
    const known = -ahead(sequence, this.#expected);
    const fresh = payload.subarray(Math.max(0, known));
    if (known < 0 || this.ended) return this.#send(0, new Uint8Array());
    this.heard.push(fresh.slice());
    this.#expected = plus(this.#expected, fresh.length);
    if ((flags & tcpFlags.fin) !== 0) {
      this.ended = true;
      this.#expected = plus(this.#expected, 1);
    }
    if (payload.length > 0 || (flags & tcpFlags.fin) !== 0) this.#send(0, new Uint8Array());
  }
  /** Says what is next, or again what was not acknowledged. */
  say(random: SeededRandom): void {
    if (this.wasReset) return;
    if (!this.open) {
      this.#out({
        flags: tcpFlags.syn,
        sequence: this.first,
        acknowledged: 0,
        window: 0xffff,
        payload: new Uint8Array(),
      });
      return;
    }
    const room = ahead(this.#edge, plus(this.first, 1 + this.#saidTo));
    const length = Math.min(
      room,
      this.#say.length - this.#saidTo,
      1 + Math.floor(random.fraction() * 40_000),
    );
    const last = this.#saidTo + Math.max(0, length) === this.#say.length;
    if (length <= 0 && !last) return;
    const payload = this.#say.subarray(this.#saidTo, this.#saidTo + Math.max(0, length));
    this.#send(tcpFlags.psh | (last ? tcpFlags.fin : 0), payload);
  }
  #send(flags: number, payload: Uint8Array): void {
    const after = this.#finTaken ? 1 : 0;
    this.#out({
      flags: (this.#finTaken ? flags & ~tcpFlags.fin : flags) | tcpFlags.ack,
      sequence: plus(this.first, 1 + this.#saidTo + after),
      acknowledged: this.#expected,
      window: this.window >>> this.#scale,
      payload,
    });
  }
}

function bytesOf(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random.fraction() * 256));
}

interface Trouble {
  readonly lost: number;
  readonly twice: number;
  readonly swapped: number;
}

/** One conversation over a hop with such trouble; what each side heard. */
function conversation(seed: number, trouble: Trouble) {
  const random = new SeededRandom(seed);
  const up = bytesOf(random, Math.floor(random.fraction() * 300_000));
  const down = bytesOf(random, Math.floor(random.fraction() * 300_000));
  const toEnd: Wire[] = [];
  const toPeer: Wire[] = [];
  let now = 0;
  const put = (to: Wire[], segment: Wire) => {
    if (random.fraction() < trouble.lost) return;
    to.push(segment);
    if (random.fraction() < trouble.twice) to.push(segment);
    if (random.fraction() < trouble.swapped && to.length > 1) to.push(to.splice(-2, 1)[0]!);
  };
  const heard: Uint8Array[] = [];
  const released = new Set<Uint8Array>();
  const given: Uint8Array[] = [];
  const state = { over: '', ended: false, drained: true };
  let endpoint: TcpEndpoint | undefined;
  const first = Math.floor(random.fraction() * 2 ** 32);
  const peer = new PlainPeer(up, first, (segment) => put(toEnd, segment));
  const send = ({ flags, sequence, acknowledged, window, queue, offset, length }: Outgoing) => {
    const payload = new Uint8Array(length);
    queue.copy(offset, length, payload, 0);
    put(toPeer, { flags, sequence, acknowledged, window, payload });
  };
  let said = 0;
  let flushDue = false;
  const speak = () => {
    if (endpoint === undefined || state.over !== '') return;
    while (state.drained && said < down.length) {
      const piece = down.slice(said, said + 1 + Math.floor(random.fraction() * 90_000));
      said += piece.length;
      given.push(piece);
      state.drained = endpoint.write(piece);
    }
    if (said === down.length) endpoint.finish();
  };
  for (let turn = 0; turn < 20_000 && !(peer.done && state.over !== ''); turn += 1) {
    now += 20;
    if (random.fraction() < 0.5 || toEnd.length === 0) peer.say(random);
    for (const segment of toEnd.splice(0)) {
      if (endpoint === undefined) {
        if ((segment.flags & tcpFlags.syn) === 0) continue;
        endpoint = new TcpEndpoint({
          options: { mss: 1_000 + Math.floor(random.fraction() * 64_000), scale: 5 },
          ...{ synSequence: segment.sequence, synWindow: segment.window, payloadMax: 65_475 },
          ownSequence: Math.floor(random.fraction() * 2 ** 32),
          later: () => (flushDue = true),
          ...{ send, now: () => now, window: () => 70_000 + Math.floor(random.fraction() * 2_000_000) },
          data: (payload) => void heard.push(payload.slice()),
          end: () => (state.ended = true),
          stalled: () => undefined,
          drain: () => (state.drained = true),
          over: (how) => (state.over = how),
          release: (piece) => released.add(piece),
        });
        continue;
      }
      const { payload, ...facts } = segment;
      endpoint.take({ ...facts, bytes: payload, from: 0, to: payload.length });
    }
    endpoint?.acknowledge(random.fraction() < 0.5);
    speak();
    if (flushDue && random.fraction() < 0.7) {
      flushDue = false;
      endpoint?.flush();
    }
    if (random.fraction() < 0.1) {
      endpoint?.pause();
      peer.window = 0;
    } else if (random.fraction() < 0.5) {
      endpoint?.resume();
      peer.window = 1_000 + Math.floor(random.fraction() * 100_000);
    }
    endpoint?.look();
    for (const segment of toPeer.splice(0)) peer.hear(segment);
  }
  return { up, down, heard, peer, state, given, released };
}

const same = (pieces: readonly Uint8Array[], whole: Uint8Array) =>
  Buffer.concat(pieces).equals(Buffer.from(whole));

describe('an endpoint of a program’s connection', () => {
  it.each([
    ['in order', { lost: 0, twice: 0, swapped: 0 }],
    ['with loss', { lost: 0.15, twice: 0, swapped: 0 }],
    ['with everything', { lost: 0.1, twice: 0.15, swapped: 0.2 }],
  ] as const)('carries every byte both ways and ends in order: %s', (_, trouble) => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const { up, down, heard, peer, state, given, released } = conversation(seed, trouble);
      const told = `seed ${seed}: ${JSON.stringify(state)}, up of ${up.length}, down of ${down.length}`;
      expect(same(heard, up), told).toBe(true);
      expect(same(peer.heard, down), told).toBe(true);
      expect(peer.ended, told).toBe(true);
      expect(state.ended, told).toBe(true);
      // The last word may be the one that is lost: then the program's kernel is told by a reset, when it asks again.
      if (trouble.lost === 0) expect(state.over, told).toBe('closed');
      expect(
        given.every((piece) => released.has(piece)),
        told,
      ).toBe(true);
    }
  });
});
