import type { Effects, TimerHandle } from '@sallyport/effects';
import { giveBack, SlabReader } from '@sallyport/effects/memory';
import type { PacketView } from '../packet/packet-view.ts';
import type { TunDevice } from '../router/contract.ts';
import { TcpEndpoint, type EndpointSettings, type Outgoing } from '../tcp/endpoint.ts';
import { readSynOptions } from '../tcp/syn-options.ts';
import { SegmentWriter } from '../tcp/write-segment.ts';
import { GatheredWrite } from './native/gathered-write.ts';
import { write } from './tun-worker-calls.ts';
import { bufferLength } from './tun-worker-path.ts';

/** An acknowledgement waits this long for something to go along with. */
const patienceMs = 2;
/** How often what is not acknowledged is looked at, while there is any. */
const lookMs = 100;

/** Payloads of this length and more are not copied behind their headers. */
const bulkyBytes = 4_096;

/** What one packet carries beside its headers. */
const payloadMax = { 4: 65_535 - 40, 6: 65_535 - 20 } as const;
/** Bytes that one program may send ahead of the reach, and all of them together as long as that leaves each the least. */
const windows = { least: 64 << 10, most: 2 << 20, together: 64 << 20 } as const;

export type EndCalls = Pick<EndpointSettings, 'data' | 'end' | 'drain' | 'over' | 'release'>;

/** The far sides of the programs' connections, where this process is the one that ends them. */
export class TcpEnds {
  readonly #device: TunDevice;
  readonly #effects: Effects;
  readonly #failed: () => void;
  readonly #bySlot = new Map<number, TcpEndpoint>();
  readonly #gathered = new GatheredWrite();
  readonly #packet = new Uint8Array(bufferLength);
  /** What the device is read into. */
  readonly #reader = new SlabReader();
  /** Where the packet ends that is being taken. */
  #packetEnd = 0;
  /** Those that were told something since the device was last empty, and those that owe an acknowledgement still. */
  #touched: TcpEndpoint[] = [];
  #owing: TcpEndpoint[] = [];
  /** Those that left something behind for what else this turn brings, and those that did so after full packets. */
  #partial: TcpEndpoint[] = [];
  #bulky: TcpEndpoint[] = [];
  #late: TimerHandle | undefined;
  #looking: TimerHandle | undefined;

  /** `failed`: a packet was not taken by the device. */
  constructor(device: TunDevice, effects: Effects, failed: () => void) {
    this.#device = device;
    this.#effects = effects;
    this.#failed = failed;
  }

  /** Answers a SYN, and is the far side of its connection from now on. */
  begin(slot: number, syn: PacketView, calls: EndCalls): TcpEndpoint {
    const options = readSynOptions(syn);
    const writer = new SegmentWriter(this.#device.framing, syn, options);
    const { clock, random } = this.#effects;
    const endpoint: TcpEndpoint = new TcpEndpoint({
      ...calls,
      options,
      payloadMax: payloadMax[syn.family],
      window: () => Math.max(windows.least, Math.min(windows.most, windows.together / this.#bySlot.size)),
      synSequence: syn.word32(syn.transport + 4) >>> 0,
      synWindow: syn.word16(syn.transport + 14),
      // Not to be guessed by other programs of this machine (RFC 6528).
      ownSequence: random.bytes(4).reduce((number, byte) => ((number << 8) | byte) >>> 0, 0),
      now: () => clock.monotonic(),
      send: (segment) => this.#send(writer, segment),
      stalled: () => this.#lookLater(),
      later: (bulk) => this.#flushLater(endpoint, bulk),
      over: (how) => {
        if (this.#bySlot.get(slot) === endpoint) this.#bySlot.delete(slot);
        calls.over(how);
      },
    });
    this.#bySlot.set(slot, endpoint);
    return endpoint;
  }

  /** Memory for the next packet; the same until one was kept. */
  room(): Uint8Array<ArrayBuffer> {
    return this.#reader.room(bufferLength) as Uint8Array<ArrayBuffer>;
  }

  /** The payload that is being taken, lent to whoever asks: where it lies, or a copy of what lies in memory that is read into again. Once for each packet. */
  keep(payload: Uint8Array): Uint8Array {
    const room = this.#reader.room(bufferLength);
    if (payload.buffer !== room.buffer) {
      room.set(payload);
      return this.#reader.take(payload.length);
    }
    giveBack(this.#reader.take(this.#packetEnd), this.#packetEnd - payload.length);
    return payload;
  }

  has(slot: number): boolean {
    return this.#bySlot.has(slot);
  }

  /** A segment of a connection; false when there is no such end (any more). */
  take(slot: number, view: PacketView): boolean {
    const endpoint = this.#bySlot.get(slot);
    if (endpoint === undefined) return false;
    const { bytes, transport } = view;
    this.#packetEnd = view.end;
    endpoint.take({
      flags: view.flags,
      sequence: view.word32(transport + 4) >>> 0,
      acknowledged: view.word32(transport + 8) >>> 0,
      window: view.word16(transport + 14),
      bytes,
      from: transport + (bytes[transport + 12]! >>> 4) * 4,
      to: view.end,
    });
    if (endpoint.owes && this.#touched.at(-1) !== endpoint) this.#touched.push(endpoint);
    return true;
  }

  /** What was read is handled: what is to be acknowledged is, unless it may go along with an answer. */
  settle(): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    for (const endpoint of touched) {
      endpoint.acknowledge(true);
      if (endpoint.owes) this.#owing.push(endpoint);
    }
    if (this.#owing.length > 0)
      this.#late ??= this.#effects.timers.after(patienceMs, () => this.#acknowledge());
  }

  #acknowledge(): void {
    this.#late = undefined;
    for (const endpoint of this.#owing.splice(0)) endpoint.acknowledge();
  }

  /** At the end of what goes on now; behind full packets when whatever else waits was read too, which brings more of them most often. */
  #flushLater(endpoint: TcpEndpoint, bulk: boolean): void {
    if ((bulk ? this.#bulky : this.#partial).push(endpoint) > 1) return;
    if (bulk) setImmediate(() => this.#bulky.splice(0).forEach((each) => each.flush()));
    else process.nextTick(() => this.#partial.splice(0).forEach((each) => each.flush()));
  }

  #send(writer: SegmentWriter, segment: Outgoing): void {
    if (this.#write(writer, segment) < 0) this.#failed();
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#looking === undefined) this.#looking = this.#effects.timers.after(lookMs, () => this.#look());
  }

  #write(writer: SegmentWriter, segment: Outgoing): number {
    const { fd, framing } = this.#device;
    if (segment.length >= bulkyBytes && framing === 'vnet') {
      const gathered = this.#gathered;
      gathered.begin();
      let whole = gathered.add(this.#packet, 0, writer.write(segment, this.#packet, true));
      segment.queue.each(segment.offset, segment.length, (bytes, from, count) => {
        whole &&= gathered.add(bytes, from, count);
      });
      if (whole) return gathered.write(fd);
    }
    return Number(write(fd, this.#packet, writer.write(segment, this.#packet)));
  }

  #look(): void {
    this.#looking = undefined;
    let waits = false;
    for (const endpoint of this.#bySlot.values()) {
      endpoint.look();
      waits ||= endpoint.waits;
    }
    if (waits) this.#lookLater();
  }

  /** Breaks every connection off. */
  close(): void {
    for (const endpoint of [...this.#bySlot.values()]) endpoint.reset();
    for (const timer of [this.#late, this.#looking]) if (timer) this.#effects.timers.cancel(timer);
    this.#reader.close();
  }
}
