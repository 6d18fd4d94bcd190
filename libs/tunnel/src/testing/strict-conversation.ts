import { SeededRandom } from '@sallyport/effects/simulated';
import { tcpFlags } from '../packet/packet-view.ts';
import { ownScale, TcpEndpoint, type Outgoing } from '../tcp/endpoint.ts';
import { KernelPeer, type WireSegment } from './kernel-peer.ts';

/** What befalls segments on the hop; shares of all. */
export interface Trouble {
  readonly lost: number;
  readonly twice: number;
  readonly swapped: number;
}

const reads = ['at once', 'slowly', 'after all is said'] as const;
const lookMs = 100;
const patienceMs = 2;

/** A conversation between an endpoint and a strict kernel, in simulated time; how long it took, and the words of what was wrong. */
export function strictConversation(
  seed: number,
  trouble: Trouble,
): { readonly ms: number; readonly wrong: string[]; readonly way: string } {
  const random = new SeededRandom(seed);
  const below = (most: number) => Math.floor(random.fraction() * most);
  const bytes = (length: number) => {
    const made = new Uint8Array(length);
    for (let at = 0, state = seed; at < length; at += 1)
      made[at] = (state = (state * 1_103_515_245 + 12_345) | 0) >>> 16;
    return made;
  };
  const up = bytes(below([1, 3_000, 400_000][below(3)]!));
  const down = bytes(below([1, 3_000, 400_000][below(3)]!));
  const reading = reads[below(3)]!;
  // A moment of a program, or long enough for every timer.
  const pace = [1, 0.1, 0.02][below(3)]!;
  const farReading = below(2) === 0 ? 'at once' : 'slowly';
  const mss = [536, 1_460, 16_000, 65_495][below(4)]!;
  const scale = below(8) === 0 ? undefined : below(11);
  const ownWindow = [65_536, 200_000, 2 << 20][below(3)]!;
  const farClosesLast = below(2) === 0;
  const closesLast = !farClosesLast && below(2) === 0;
  let now = 0;
  const wires = { up: [] as [number, WireSegment][], down: [] as [number, WireSegment][] };
  const put = (wire: [number, WireSegment][], segment: WireSegment) => {
    if (random.fraction() < trouble.lost) return;
    for (let copies = random.fraction() < trouble.twice ? 2 : 1; copies > 0; copies -= 1)
      wire.push([now + 1, segment]);
    if (random.fraction() < trouble.swapped && wire.length > 1) wire.push(wire.splice(-2, 1)[0]!);
  };
  const peer = new KernelPeer({
    ...{
      say: up,
      first: below(2 ** 32),
      mss,
      scale: scale ?? 0,
      farScale: scale === undefined ? 0 : ownScale,
    },
    receiveBuffer: scale === undefined ? 60_000 : Math.min(20_000 + below(500_000), 0xffff << scale),
    out: (segment) => put(wires.up, segment),
    now: () => now,
    patient: () => random.fraction() < 0.5,
  });
  peer.ordered = trouble.swapped === 0 && trouble.lost === 0;
  const heard: Uint8Array[] = [];
  const state = {
    over: '',
    ended: false,
    drained: true,
    said: 0,
    lookAt: Infinity,
    lateAt: Infinity,
    flushAt: Infinity,
    paused: false,
  };
  let endpoint: TcpEndpoint | undefined;
  const lookLater = () => (state.lookAt = Math.min(state.lookAt, now + lookMs));
  const send = ({ flags, sequence, acknowledged, window, queue, offset, length }: Outgoing) => {
    const payload = new Uint8Array(length);
    queue.copy(offset, length, payload, 0);
    put(wires.down, { flags, sequence, acknowledged, window, payload });
    lookLater();
  };
  const speak = () => {
    if (endpoint === undefined || state.over !== '') return;
    while (state.drained && state.said < down.length) {
      const piece = down.slice(state.said, state.said + 1 + below(90_000));
      state.said += piece.length;
      state.drained = endpoint.write(piece);
    }
    if (state.said === down.length && (!farClosesLast || state.ended)) endpoint.finish();
  };
  const begin = (segment: WireSegment) =>
    new TcpEndpoint({
      ...{
        options: { mss, scale },
        synSequence: segment.sequence,
        synWindow: segment.window,
        payloadMax: 65_495,
      },
      ...{ ownSequence: below(2 ** 32), window: () => ownWindow, send, now: () => now, stalled: lookLater },
      // At the end of this turn, or of the next.
      later: (bulk) => (state.flushAt = Math.min(state.flushAt, bulk ? now + 1 : now)),
      data: (payload) => {
        heard.push(payload.slice());
        if (farReading === 'slowly' && random.fraction() < 0.3) {
          state.paused = true;
          endpoint?.pause();
        }
      },
      end: () => (state.ended = true),
      // As a link does: what waits is written in the very call.
      drain: () => {
        state.drained = true;
        speak();
      },
      over: (how) => (state.over = how),
      release: () => undefined,
    });
  const deliver = () => {
    const arriving = wires.up.filter(([at]) => at <= now);
    wires.up.splice(0, arriving.length);
    for (const [, segment] of arriving) {
      if (endpoint === undefined) {
        if ((segment.flags & tcpFlags.syn) !== 0) endpoint = begin(segment);
        continue;
      }
      const { payload, ...facts } = segment;
      if (state.over !== '' && (facts.flags & tcpFlags.rst) === 0) {
        // As the path of the device answers what belongs to no end any more.
        const { acknowledged: sequence } = facts;
        put(wires.down, {
          flags: tcpFlags.rst,
          sequence,
          acknowledged: 0,
          window: 0,
          payload: payload.subarray(0, 0),
        });
      }
      endpoint.take({ ...facts, bytes: payload, from: 0, to: payload.length });
    }
    endpoint?.acknowledge(true);
    if (endpoint?.owes) state.lateAt = Math.min(state.lateAt, now + patienceMs);
    const back = wires.down.filter(([at]) => at <= now);
    wires.down.splice(0, back.length);
    for (const [, segment] of back) peer.hear(segment);
  };
  const programs = () => {
    if (reading === 'at once') peer.read(Infinity);
    else if (reading === 'slowly' ? random.fraction() < 0.02 * pace : peer.saidAll)
      peer.read(reading === 'slowly' ? below(100_000) : Infinity);
    if (!closesLast || (peer.farEnded && peer.unread === 0)) peer.close();
    if (state.paused && random.fraction() < 0.05 * pace) {
      state.paused = false;
      endpoint?.resume();
      endpoint?.acknowledge();
    }
    speak();
  };
  for (; now < 600_000 && !(peer.done && state.over !== ''); now += 1) {
    deliver();
    programs();
    if (now >= state.flushAt) {
      state.flushAt = Infinity;
      endpoint?.flush();
    }
    peer.tick();
    if (now >= state.lateAt) {
      state.lateAt = Infinity;
      endpoint?.acknowledge();
    }
    if (now >= state.lookAt) {
      state.lookAt = Infinity;
      endpoint?.look();
      if (endpoint?.waits) lookLater();
    }
    if (state.over !== '' && peer.state === 'reset') break;
  }
  const wrong = [...peer.wrong];
  const same = (pieces: readonly Uint8Array[], whole: Uint8Array) =>
    Buffer.concat(pieces).equals(Buffer.from(whole));
  if (!same(heard, up)) wrong.push(`of ${up.length} bytes ${Buffer.concat(heard).length} were heard`);
  if (!same(peer.heard, down))
    wrong.push(`the program heard ${Buffer.concat(peer.heard).length} of ${down.length}`);
  if (!state.ended || !peer.farEnded) wrong.push('an end was not heard');
  if (state.over !== 'closed') wrong.push(`over: ${state.over}, the kernel ${peer.state}`);
  const way = `pace ${pace}, reads ${reading}, far ${farReading}, mss ${mss}, scale ${scale}, window ${ownWindow}, up ${up.length}, down ${down.length}, last ${farClosesLast ? 'far' : closesLast ? 'program' : 'none'}`;
  return { ms: now, wrong, way };
}
