import { simulatedEffects } from '@sallyport/effects/simulated';
import { TcpEnds } from '../edge/tcp-ends.ts';
import { read } from '../edge/tun-worker-calls.ts';
import { PacketPath } from '../edge/tun-worker-path.ts';
import { sharedMemory, type FromTunWorker } from '../edge/tun-worker-messages.ts';
import { readRules } from '../filter/rule.ts';
import { addressText } from '../packet/address.ts';
import { PacketView, tcpFlags } from '../packet/packet-view.ts';
import type { TcpEndpoint } from '../tcp/endpoint.ts';
import { ahead, plus } from '../tcp/sequence.ts';
import { closePair, openPair } from './device-pair.ts';
import { hostileTo, type Finding, type Numbers } from './fuzz.ts';
import { outsideGrant, seededNumbers } from './outside-packets.ts';
import { buildPacket, checksumsHold, type PacketShape } from './packets.ts';

const { fin, syn, rst, psh, ack } = tcpFlags;
const flowsMax = 12;
const queuedMost = (1 << 20) + 100_000;
/** Longer than any connection waits for a kernel that says nothing. */
const patienceMs = 240_000;
const programs = [
  { from: '100.64.0.1', to: '10.20.1.1', destinationPort: 443, protocol: 6 },
  { from: 'fd7a::1', to: 'fd20::1', destinationPort: 443, protocol: 6 },
] as const;

/** What is known of one connection from what went over the device, by the plainest reading of RFC 9293 and 5961. */
interface Known {
  readonly key: string;
  readonly shape: PacketShape;
  readonly endpoint: TcpEndpoint;
  readonly heard: Uint8Array[];
  ended: boolean;
  over: string;
  open: boolean;
  expected: number;
  /** How far the program was told that it may go. */
  edge: number;
  unacknowledged: number;
  highest: number;
  may: boolean;
}

/** Live connections, a reach played by chance, and segments that lie in every way. */
class TriedEnds {
  readonly #next: Numbers;
  readonly #device = openPair();
  readonly #effects = simulatedEffects();
  readonly #ends: TcpEnds;
  readonly #path: PacketPath;
  readonly #view = new PacketView();
  readonly #written = new Uint8Array(65_600);
  readonly #known = new Map<string, Known>();
  readonly #wrong: string[] = [];
  #told: FromTunWorker[] = [];
  heard = 0;
  opened = 0;

  constructor(next: Numbers) {
    this.#next = next;
    const fd = this.#device.writing;
    this.#ends = new TcpEnds(
      { fd, name: 'fuzz', framing: 'plain', addresses: [] },
      this.#effects,
      () => undefined,
    );
    const rules = readRules(0, outsideGrant.routes);
    this.#path = new PacketPath({
      ...{ fd, framing: 'plain', listenPorts: { 4: [], 6: [] }, flowsMax, heldMax: 4, ends: this.#ends },
      filter: { ...outsideGrant, rules, carries: [new Set(['tcp'] as const)] },
      shared: sharedMemory(),
      port: { postMessage: (message) => void this.#told.push(message) },
    });
  }

  close(): void {
    this.#ends.close();
    closePair(this.#device);
  }

  /** One thing that happens; the words of what was wrong. */
  try(): { readonly what: string | undefined; readonly bytes: string } {
    const next = this.#next;
    let bytes = '';
    const chance = next(10);
    if (chance === 0) this.#path.now += this.#pass(next(40) === 0 ? 20_000 : next(500)) / 1_000;
    else if (chance <= 2) this.#reach();
    else {
      const packet = next(8) === 0 ? this.#dial() : this.#segment();
      const sent = next(8) === 0 ? hostileTo(packet, next) : packet;
      bytes = Buffer.from(sent).toString('hex');
      this.#take(sent);
    }
    this.#readBack();
    for (const { endpoint, key } of this.#known.values())
      if (endpoint.queued > queuedMost) this.#wrong.push(`${endpoint.queued} bytes wait for ${key}`);
    return { what: this.#wrong.shift(), bytes };
  }

  /** Nobody answers any more: nothing waits for ever. */
  giveUp(): string | undefined {
    this.#pass(patienceMs);
    for (const { endpoint, key, over } of this.#known.values())
      if (over === '' && endpoint.waits) return `${key} waits still`;
    return undefined;
  }

  #pass(ms: number): number {
    this.#effects.time.advance(ms);
    return ms;
  }

  #dial(): Uint8Array {
    const shape = programs[this.#next(2)]!;
    return buildPacket({
      ...shape,
      sourcePort: 40_000 + this.#next(10),
      flags: syn,
      sequence: this.#number(),
    });
  }

  #number(): number {
    return this.#next(4) === 0 ? (2 ** 32 - this.#next(3_000)) >>> 0 : this.#next(2 ** 31) * 2;
  }

  #any(): Known | undefined {
    return [...this.#known.values()][this.#next(this.#known.size + 1)];
  }

  /** A segment of a connection: most often one that could be true. */
  #segment(): Uint8Array {
    const next = this.#next;
    const known = this.#any();
    if (known === undefined) return this.#dial();
    const far = [0, 0, 0, 0, 1, -1, 500, -500, 70_000, 2 ** 30, 2 ** 31, next(2 ** 31)][next(12)]!;
    const inFlight = Math.max(0, ahead(known.highest, known.unacknowledged));
    const gained = [
      0,
      0,
      inFlight,
      inFlight,
      next(inFlight + 1),
      inFlight + 1,
      -1,
      -(2 ** 22),
      next(2 ** 31),
    ][next(9)]!;
    const flags = [
      ack,
      ack,
      ack | psh,
      ack | psh,
      ack | psh,
      ack | fin,
      rst,
      rst | ack,
      syn,
      0,
      ack | 0x20,
      next(256),
    ];
    return buildPacket({
      ...{
        ...known.shape,
        flags: flags[next(flags.length)]!,
        window: [0, 1, 100, 0xffff, next(0x1_0000)][next(5)]!,
      },
      sequence: plus(known.expected, far),
      acknowledged: plus(known.unacknowledged, gained),
      payload: Uint8Array.from({ length: [0, 0, 1, next(40), next(3_000)][next(5)]! }, () => next(256)),
    });
  }

  /** What the reach does meanwhile. */
  #reach(): void {
    const known = this.#any();
    if (known === undefined || known.over !== '') return;
    const { endpoint } = known;
    const what = this.#next(12);
    if (what < 5 && known.may) {
      known.may = endpoint.write(new Uint8Array(1 + this.#next([10, 5_000, 90_000][this.#next(3)]!)));
    } else if (what === 6) endpoint.pause();
    else if (what < 9) endpoint.resume();
    else if (what === 9) endpoint.finish();
    else if (what === 10 && this.#next(6) === 0) endpoint.reset();
    endpoint.acknowledge();
  }

  #take(packet: Uint8Array): void {
    const path = this.#path;
    const readable = this.#view.read(packet, 0, packet.length) === '';
    const known = readable ? this.#known.get(keyOf(this.#view)) : undefined;
    const heardBefore = known?.heard.length ?? 0;
    const overBefore = known?.over ?? '';
    const before = known && { ...known };
    path.buffer.set(packet);
    path.take(packet.length);
    path.flush();
    this.#ends.settle();
    if (known !== undefined && before !== undefined && overBefore === '')
      this.#judge(packet, before, known, known.heard.slice(heardBefore));
    this.#letThrough();
  }

  /** What the segment may have brought about, and what not. */
  #judge(packet: Uint8Array, before: Known, after: Known, heard: readonly Uint8Array[]): void {
    const view = new PacketView();
    view.read(packet, 0, packet.length);
    const { flags, transport } = view;
    const payload = packet.subarray(transport + (packet[transport + 12]! >>> 4) * 4, view.end);
    const sequence = view.word32(transport + 4) >>> 0;
    const acknowledged = view.word32(transport + 8) >>> 0;
    const first = ahead(sequence, before.expected);
    const whole = payload.length + (flags & fin);
    const got = Buffer.concat(heard);
    const stands = whole === 0 ? first === 0 : first <= 0 && first + whole > 0;
    const resets = (flags & (syn | rst)) === rst && first === 0;
    if ((after.over === 'reset') !== resets)
      this.#wrong.push(`over: ${after.over} by flags ${flags} ${first} ahead`);
    const gained = ahead(acknowledged, before.unacknowledged);
    const holds =
      stands &&
      (flags & (syn | rst | ack)) === ack &&
      ahead(acknowledged, before.highest) <= 0 &&
      gained >= (before.open ? -(2 ** 21) : 1);
    if (holds && gained > 0) [after.unacknowledged, after.open] = [acknowledged, true];
    const known = Math.max(0, -first);
    const fresh = holds && !before.ended ? Math.max(0, payload.length - known) : 0;
    const least = Math.min(fresh, Math.max(0, ahead(before.edge, before.expected)));
    if (got.length > fresh || got.length < least)
      this.#wrong.push(`heard ${got.length}, which is not ${least} to ${fresh}`);
    else if (!got.equals(payload.subarray(known, known + got.length)))
      this.#wrong.push('heard something else');
    after.expected = plus(before.expected, got.length);
    const ends = fresh === got.length && (flags & fin) !== 0 && holds && !before.ended;
    if (after.ended !== (before.ended || ends))
      this.#wrong.push('an end was heard that is none, or not heard');
    if (ends) after.expected = plus(after.expected, 1);
    this.heard += got.length;
  }

  /** The reach accepts each SYN at once. */
  #letThrough(): void {
    for (const message of this.#told.splice(0)) {
      if (message.kind !== 'packets') continue;
      const [, , slot = -1, generation = -1] = message.heads;
      const view = new PacketView();
      if (view.read(message.bytes, 0, message.bytes.length) !== '') continue;
      this.#begin(slot, view);
      this.#path.obey(['admitted', slot, generation]);
    }
  }

  #begin(slot: number, view: PacketView): void {
    const [key, first] = [keyOf(view), view.word32(view.transport + 4) >>> 0];
    const [from, to] = [addressText(view.sourceBytes()), addressText(view.destinationBytes())];
    const shape = {
      from,
      to,
      protocol: 6,
      sourcePort: view.sourcePort,
      destinationPort: view.destinationPort,
    };
    const heard: Uint8Array[] = [];
    const endpoint = this.#ends.begin(slot, view, {
      data: (payload) => void heard.push(payload.slice()),
      end: () => void (known.ended = true),
      drain: () => void (known.may = true),
      over: (how) => void (known.over = how),
      release: () => undefined,
    });
    const expected = plus(first, 1);
    const known: Known = {
      ...{
        key,
        shape,
        endpoint,
        heard,
        expected,
        edge: expected,
        ended: false,
        over: '',
        open: false,
        may: true,
      },
      ...{ unacknowledged: -1, highest: -1 },
    };
    this.#known.set(key, known);
    this.opened += 1;
    this.#readBack();
  }

  /** What a kernel would be given: sound packets of connections, nothing acknowledged that was not said, nothing that no window takes. */
  #readBack(): void {
    for (;;) {
      const length = Number(read(this.#device.reading, this.#written, this.#written.length));
      if (length <= 0) return;
      const packet = this.#written.slice(0, length);
      const view = new PacketView();
      if (view.read(packet, 0, length) !== '') return void this.#wrong.push('what went out is no packet');
      if (!checksumsHold(packet)) this.#wrong.push('a wrong checksum');
      if (view.protocol !== 6) continue;
      const key = keyOf(view, true);
      const known = this.#known.get(key);
      const { flags, transport } = view;
      if (known === undefined || (flags & rst) !== 0) continue;
      const sequence = view.word32(transport + 4) >>> 0;
      const payload = length - transport - (packet[transport + 12]! >>> 4) * 4;
      if ((flags & syn) !== 0 && known.unacknowledged < 0) known.unacknowledged = known.highest = sequence;
      const end = plus(sequence, payload + (flags & (syn | fin) ? 1 : 0));
      if (ahead(end, known.highest) > 0) known.highest = end;
      const acknowledged = view.word32(transport + 8) >>> 0;
      if (ahead(acknowledged, known.expected) > 0) this.#wrong.push('acknowledged what was not heard');
      // Told by programs without a scale here.
      const edge = plus(acknowledged, view.word16(transport + 14));
      if (ahead(edge, known.edge) > 0) known.edge = edge;
      if (known.over !== '') this.#known.delete(key);
    }
  }
}

/** The four numbers of a connection, as its program sends them, or as they go back to it. */
function keyOf(view: PacketView, back = false): string {
  const ends = [
    `${addressText(view.sourceBytes())} ${view.sourcePort}`,
    `${addressText(view.destinationBytes())} ${view.destinationPort}`,
  ];
  return (back ? ends.reverse() : ends).join(' ');
}

/** Hostile and lawful segments from a seed into live connections that end here. */
export function fuzzEnds(seed: number, inputs: number): { found: Finding[]; opened: number; heard: number } {
  const next = seededNumbers(seed);
  const tried = new TriedEnds(next);
  const found: Finding[] = [];
  try {
    for (let input = 0; input < inputs; input += 1) {
      try {
        const { what, bytes } = tried.try();
        if (what !== undefined) found.push({ input, what, bytes });
      } catch (error) {
        found.push({ input, what: `threw ${String(error)}`, bytes: '' });
      }
    }
    const what = tried.giveUp();
    if (what !== undefined) found.push({ input: inputs, what, bytes: '' });
    return { found, opened: tried.opened, heard: tried.heard };
  } finally {
    tried.close();
  }
}
