import { giveBack } from '@sallyport/effects/memory';
import type { TimerHandle } from '@sallyport/effects';
import type { FlowCode } from '../codes.ts';
import type { LinkPorts } from '../contract.ts';
import type { Problem } from '@sallyport/problems';
import { bodyByte, bodyUint48, readUint24, readUint32, readUint48 } from '../frame/bodies.ts';
import { frame, frameHeader, uint48 } from '../frame/encode.ts';
import { frameTypes, offsetBytes, optionalFrom } from '../frame/frame-type.ts';
import {
  chunkBytes,
  controlFramesMax,
  datagramsWaitingMax,
  pieceOverheadBytes,
  retainedFramesMax,
  lastEndsAfterMs,
  windowBytesTotal,
} from '../limits.ts';
import { flowCodeOf } from '../codes.ts';
import { violation } from '../violation.ts';
import type { Carrier } from './carrier.ts';
import { CarrierWatch } from './carrier-watch.ts';
import { LinkStream, type StreamHost } from './link-stream.ts';
import { headerOf, type Control, type Retained } from './outgoing.ts';
import { OwedReceipts } from './owed-receipts.ts';
import { BareWay, rttUnknownMs } from './pace.ts';
import { Packing } from './packing.ts';
import { WidePlaces } from './reassembly.ts';
import { Scheduler } from './scheduler.ts';

/** What only one of the two roles knows. */
export interface LinkRole {
  /** A frame that is not common to both roles; false when it is not one that this role takes. */
  frame(type: number, id: number, body: Uint8Array): boolean;
  carrierGone(carrier: Carrier): void;
  /** The peer of a stream is heard for the first time. */
  heard(stream: LinkStream): void;
  /** The peer broke the protocol, and the link shall end. */
  violated(problem: Problem): void;
}

/** A slower carrier gains more by packing than packing costs: 20 MB/s. */
const packsBelowBytesPerMs = 20_000;
/** Datagrams that wait go first, up to this share of a flight while streams wait as well. */
const datagramShare = 0.5;

/** What both ends of a link do alike: streams over carriers, receipts, credit, and getting over the loss of carriers. */
export class Link {
  readonly streams = new Map<number, LinkStream>();
  readonly carriers: Carrier[] = [];
  readonly bare = new BareWay();
  readonly #ports: LinkPorts;
  readonly #role: LinkRole;
  #scheduler = new Scheduler();
  readonly #streamHost: StreamHost;
  readonly #control: Control[] = [];
  readonly #credits = new Set<LinkStream>();
  readonly #datagrams: { readonly type: 23 | 36; readonly id: number; readonly bytes: Uint8Array }[] = [];
  readonly #receipts: OwedReceipts;
  #packs = false;
  #windowsBeyond = 0;
  /** Streams whose ends nobody waits for. */
  readonly #leaving = new Set<LinkStream>();
  #later: TimerHandle | undefined;
  #pumpDue = false;
  readonly #soon: (run: () => void) => void;
  readonly #pumpNow = () => {
    this.#pumpDue = false;
    this.pump();
  };
  readonly #watch: CarrierWatch;
  #over = false;
  readonly stats = { plainPacked: 0, packed: 0, datagramsDropped: 0, piecesAgain: 0 };

  constructor(ports: LinkPorts, role: LinkRole) {
    this.#ports = ports;
    this.#role = role;
    this.#soon = ports.soon ?? queueMicrotask;
    this.#receipts = new OwedReceipts(ports.effects.timers);
    this.#watch = new CarrierWatch(ports.effects, this.carriers, (carrier) => this.#giveUpOn(carrier));
    this.#streamHost = {
      now: () => this.#now,
      rttMs: () => this.rttMs ?? rttUnknownMs,
      places: new WidePlaces(),
      wants: (stream) => {
        this.#scheduler.wants(stream);
        this.#pumpSoon();
      },
      wantsLater: (stream) => {
        this.#leaving.add(stream);
        this.#later ??= this.#ports.effects.timers.after(lastEndsAfterMs, () => this.#leave());
      },
      creditDue: (stream) => {
        this.#credits.add(stream);
        this.#pumpSoon();
      },
      grow: (bytes) => {
        if (this.#windowsBeyond + bytes > windowBytesTotal) return false;
        if (ports.windows?.take(bytes, this.#windowsBeyond) === false) return false;
        this.#windowsBeyond += bytes;
        return true;
      },
      gone: (stream) => this.#gone(stream),
      accepted: (stream) => {
        this.send(frameTypes.opened, stream.id, new Uint8Array());
        this.pump(); // a program waits for it
      },
    };
  }

  get #now(): number {
    return this.#ports.effects.clock.monotonic();
  }
  get over(): boolean {
    return this.#over;
  }
  /** Shortest smoothed round trip of all carriers. */
  get rttMs(): number | undefined {
    const trips = this.carriers.flatMap(({ pace }) => pace.rttMs ?? []);
    return trips.length > 0 ? Math.min(...trips) : undefined;
  }

  /** Frames that wait for a carrier. For who judges bounds. */
  get waiting(): { readonly control: number; readonly datagrams: number } {
    return { control: this.#control.length, datagrams: this.#datagrams.length };
  }
  /** What it keeps in memory, as far as a peer can make it grow. Added up when it is asked, so that it costs nothing else. */
  get heldBytes(): number {
    let bytes = this.#scheduler.againBytes;
    for (const { body } of this.#control) bytes += body.length + pieceOverheadBytes;
    for (const stream of this.streams.values()) bytes += stream.heldBytes;
    for (const carrier of this.carriers) bytes += carrier.heldBytes;
    for (const datagram of this.#datagrams) bytes += datagram.bytes.length + pieceOverheadBytes;
    return bytes;
  }

  /** Both sides know zstd. */
  usePacking(on: boolean): void {
    this.#packs = on && this.#ports.packer !== undefined;
  }

  /** A new stream of either side. */
  addStream(id: number, known: boolean): LinkStream {
    const stream = new LinkStream(
      id,
      this.#streamHost,
      new Packing(this.#packs ? this.#ports.packer : undefined),
      known,
    );
    this.streams.set(id, stream);
    return stream;
  }

  addCarrier(carrier: Carrier): void {
    this.carriers.push(carrier);
    this.#watch.arm();
    this.#pumpSoon();
  }

  /** Sends a small frame over the best carrier. */
  send(type: Control['type'], id: number, body: Uint8Array, again = true): void {
    if (this.#over) return;
    if (this.#control.length >= controlFramesMax)
      return this.#role.violated(violation('answers are not read'));
    this.#control.push({ type, id, body, again });
    this.#pumpSoon();
  }

  sendDatagram(type: 23 | 36, id: number, bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#datagrams.length >= datagramsWaitingMax) {
      this.stats.datagramsDropped++;
      return;
    }
    this.#datagrams.push({ type, id, bytes });
    this.#pumpSoon();
  }

  /** Bytes of a carrier were read; call after its frames were taken. */
  readFrom(carrier: Carrier): void {
    if (!carrier.owesReceipt || this.#over) return;
    if (this.#receipts.put(carrier, this.#now)) this.#pumpSoon();
  }

  /** A carrier is gone: what was in flight on it goes over the others, as soon as there are any. */
  loseCarrier(carrier: Carrier): void {
    const at = this.carriers.indexOf(carrier);
    if (at < 0) return;
    this.carriers.splice(at, 1);
    this.#receipts.forget(carrier);
    this.#takeBack(carrier);
    this.#role.carrierGone(carrier);
  }

  /** Breaks every stream with a code, for a link whose peer has forgotten it; nothing that waited is sent to a peer that knows nothing of it. */
  restart(code: FlowCode): void {
    this.#scheduler = new Scheduler();
    this.#breakStreams(code);
  }

  #breakStreams(code: FlowCode): void {
    this.#control.length = 0;
    this.#datagrams.length = 0;
    this.#credits.clear();
    for (const stream of [...this.streams.values()]) stream.broken(code);
  }

  /** Ends everything; `last` is what the peer is told. */
  end(code: FlowCode, last?: Uint8Array): void {
    if (this.#over) return;
    if (last) {
      for (const carrier of this.carriers) {
        carrier.putUncounted(last);
        carrier.flush();
      }
    }
    this.#over = true;
    const { timers } = this.#ports.effects;
    this.#watch.stop();
    if (this.#later) timers.cancel(this.#later);
    this.#receipts.stop();
    this.#breakStreams(code);
    for (const carrier of this.carriers.splice(0)) carrier.close();
  }

  /** Data of a stream, as it came. */
  data(carrier: Carrier, id: number, offset: number, bytes: Uint8Array): void {
    carrier.owe(this.#now);
    const stream = this.streams.get(id);
    if (!stream) return giveBack(bytes);
    stream.checkOffset(offset + bytes.length);
    this.heard(stream);
    stream.arrived(offset, bytes);
  }

  /** A frame that is not data. */
  frame(carrier: Carrier, type: number, id: number, body: Uint8Array): void {
    switch (type) {
      case frameTypes.receipt:
        return this.#receipt(carrier, body);
      case frameTypes.ping:
        // Whoever asks and does not read is told nothing that would have to be kept.
        if (!carrier.clogged) carrier.putUncounted(frame(frameTypes.pong, id));
        return this.#pumpSoon();
      case frameTypes.pong:
        return undefined;
    }
    carrier.owe(this.#now);
    switch (type) {
      case frameTypes.credit:
        return this.streams.get(id)?.credited(bodyUint48(body));
      case frameTypes.reset:
        this.streams.get(id)?.broken(flowCodeOf(bodyByte(body)));
        return void this.#role.frame(type, id, body);
      case frameTypes.fin: {
        const stream = this.streams.get(id);
        if (stream) this.heard(stream);
        return stream?.finished(bodyUint48(body));
      }
      case frameTypes.packed:
        return this.#unpack(id, body);
      default:
        if (!this.#role.frame(type, id, body) && type < optionalFrom)
          throw violation('a frame of no known type');
    }
  }

  /** Asks every carrier for a sign of life; those that give none within `patienceMs` are given up. */
  probe(patienceMs: number): void {
    const asked = this.#now;
    for (const carrier of [...this.carriers]) {
      carrier.putUncounted(frame(frameTypes.ping, 0));
      carrier.flush();
      this.#ports.effects.timers.after(patienceMs, () => {
        if (carrier.heardAt < asked && this.carriers.includes(carrier)) carrier.close();
      });
    }
  }

  /** The peer is known to know the stream. */
  heard(stream: LinkStream): void {
    if (stream.known) return;
    stream.known = true;
    this.#role.heard(stream);
    this.#scheduler.wants(stream);
  }

  #receipt(carrier: Carrier, body: Uint8Array): void {
    if (body.length !== 10) throw violation('a receipt has ten bytes');
    if (!carrier.confirm(readUint48(body, 0), readUint32(body, 6), this.#now))
      throw violation('a receipt for what was not sent');
    // Room that nobody waits for is no reason for anything.
    if (this.#waits) this.#pumpSoon();
  }

  #unpack(id: number, body: Uint8Array): void {
    const { packer } = this.#ports;
    if (!this.#packs || !packer) throw violation('packed data that was not agreed on');
    if (body.length < offsetBytes + 3) throw violation('packed data has an offset and a length');
    const stream = this.streams.get(id);
    if (!stream) return;
    const offset = readUint48(body, 0);
    const plainBytes = readUint24(body, offsetBytes);
    if (plainBytes === 0 || plainBytes > chunkBytes.most) throw violation('packed data is too long');
    stream.checkOffset(offset + plainBytes);
    this.heard(stream);
    let plain: Uint8Array;
    try {
      plain = packer.unpack(body.subarray(offsetBytes + 3), plainBytes);
    } catch {
      throw violation('packed data cannot be unpacked');
    }
    if (plain.length !== plainBytes) throw violation('packed data has another length');
    stream.arrived(offset, plain);
  }

  #gone(stream: LinkStream): void {
    if (this.streams.get(stream.id) !== stream) return;
    this.streams.delete(stream.id);
    this.#credits.delete(stream);
    this.#leaving.delete(stream);
    const given = stream.windowBeyondFirst;
    this.#windowsBeyond -= given;
    if (given > 0) this.#ports.windows?.give(given);
  }

  /** Others are to carry what a stalled carrier has in flight, and whatever its streams say next. */
  #giveUpOn(carrier: Carrier): void {
    for (const stream of this.streams.values()) if (stream.home === carrier) stream.home = undefined;
    this.#takeBack(carrier);
  }

  #takeBack(carrier: Carrier): void {
    for (const retained of carrier.handOver()) this.#again(retained);
    this.#pumpSoon();
  }

  #again(retained: Retained): void {
    if (retained.what === 'piece') {
      this.stats.piecesAgain++;
      retained.piece.stream.takeBack(retained.piece);
    } else if (retained.what === 'credit') {
      if (this.streams.get(retained.stream.id) === retained.stream) this.#credits.add(retained.stream);
    } else if (retained.control.again) this.#control.push(retained.control);
  }

  get #waits(): boolean {
    const others = this.#control.length + this.#credits.size + this.#datagrams.length;
    return others > 0 || this.#scheduler.waiting;
  }

  #leave(): void {
    this.#later = undefined;
    for (const stream of this.#leaving) this.#scheduler.wants(stream);
    this.#leaving.clear();
    this.pump();
  }

  #pumpSoon(): void {
    if (this.#pumpDue || this.#over) return;
    this.#pumpDue = true;
    this.#soon(this.#pumpNow);
  }

  /** Puts out what may go out. */
  pump(): void {
    if (this.#over) return;
    const live = this.#usable();
    if (live.length === 0) return;
    const now = this.#now;
    this.#pumpControl(live, now);
    this.#pumpDatagrams(live, now);
    this.#scheduler.run(live, now, (stream, carrier, bytesMax) =>
      this.#putPiece(stream, carrier, bytesMax, now),
    );
    for (const carrier of live) {
      carrier.flush();
      if (carrier.retainedFrames > retainedFramesMax) return carrier.close();
    }
    this.#watch.arm();
  }

  #usable(): readonly Carrier[] {
    const lively = this.carriers.filter(({ stalled }) => !stalled);
    if (lively.length === 0) return this.carriers;
    // What was put on a stalled one while there was no other comes along: an opening that stayed would arrive behind what follows it.
    for (const carrier of this.carriers)
      if (carrier.putWhileStalled && carrier.stalled) this.#giveUpOn(carrier);
    return lively;
  }

  #pumpControl(live: readonly Carrier[], now: number): void {
    if (this.#control.length === 0 && this.#credits.size === 0) return;
    const best = live.reduce((a, b) => (b.arrivalMs < a.arrivalMs ? b : a));
    for (const control of this.#control.splice(0))
      best.put(frame(control.type, control.id, control.body), [], now, { what: 'control', control });
    for (const stream of this.#credits) {
      const credit = frame(frameTypes.credit, stream.id, uint48(stream.limit));
      best.put(credit, [], now, { what: 'credit', stream });
    }
    this.#credits.clear();
  }

  #pumpDatagrams(live: readonly Carrier[], now: number): void {
    while (this.#datagrams.length > 0) {
      const best = live.reduce((a, b) => (b.arrivalMs < a.arrivalMs ? b : a));
      const room = this.#scheduler.waiting ? best.room() - best.pace.window * datagramShare : best.room();
      if (room <= 0) return best.pace.limited();
      const { type, id, bytes } = this.#datagrams.shift()!;
      best.put(frameHeader(type, id, bytes.length), [bytes], now);
    }
  }

  #putPiece(stream: LinkStream, carrier: Carrier, bytesMax: number, now: number): number {
    const packs = this.#packs && carrier.pace.bytesPerMs < packsBelowBytesPerMs;
    // What packs well fills less of the carrier than it looks; what does not would come in bursts that others wait behind.
    const widely = packs && stream.packing.tries && bytesMax >= chunkBytes.least;
    const piece = stream.next(widely ? chunkBytes.most : bytesMax, packs);
    if (!piece) return 0;
    if (piece.type === frameTypes.packed) {
      this.stats.plainPacked += piece.plainBytes;
      this.stats.packed += piece.bodyBytes;
    }
    carrier.put(headerOf(piece), piece.parts, now, { what: 'piece', piece });
    return piece.bodyBytes;
  }
}
