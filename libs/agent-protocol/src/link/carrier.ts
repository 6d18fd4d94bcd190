import { giveBack } from '@sallyport/effects/memory';
import type { CarrierSink } from '../contract.ts';
import { frameHeader, putUint32, putUint48 } from '../frame/encode.ts';
import { frameHeaderBytes, frameTypes } from '../frame/frame-type.ts';
import { pieceOverheadBytes, receiptAfter } from '../limits.ts';
import type { Retained } from './outgoing.ts';
import { CarrierPace, type BareWay } from './pace.ts';

interface Sent {
  /** Position behind the frame. */
  readonly end: number;
  readonly at: number;
  readonly retained: Retained | undefined;
}

const backlogBytesMax = 512 * 1024;
/** The ledger of what was confirmed is thrown away in lots. */
const compactAfter = 1_024;

/** One admitted carrier: what is in flight on it, how fast it is, and what has to be sent again if it is lost. */
export class Carrier {
  readonly pace: CarrierPace;
  /** Ends it; the link hears of that as of every other end. */
  readonly close: () => void;
  readonly #sink: CarrierSink;
  readonly #bare: BareWay;
  #parts: Uint8Array[] = [];
  /** Bytes written to it, and known to have arrived. */
  #sent = 0;
  #flushed = 0;
  #confirmed = 0;
  #ledger: Sent[] = [];
  #ledgerFrom = 0;
  /** Bytes read from it, and told to have been. */
  #read = 0;
  #told = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #readAt = 0;
  #owesReceipt = false;
  /** When it was last heard, and last confirmed something (or had nothing to confirm). */
  heardAt: number;
  progressAt: number;
  /** What it had in flight was given to others. */
  stalled = false;
  /** Something was put on it since then, because there was no other. */
  putWhileStalled = false;

  constructor(sink: CarrierSink, close: () => void, bare: BareWay, now: number) {
    this.pace = new CarrierPace(bare);
    this.#bare = bare;
    this.#sink = sink;
    this.close = close;
    this.heardAt = now;
    this.progressAt = now;
    this.pace.began(now, 0);
  }

  get inFlight(): number {
    return this.#sent - this.#confirmed;
  }
  get retainedFrames(): number {
    return this.#ledger.length - this.#ledgerFrom;
  }
  /** What it keeps in memory until it has arrived. */
  get heldBytes(): number {
    return this.inFlight + this.retainedFrames * pieceOverheadBytes;
  }
  get bytesSent(): number {
    return this.#sent;
  }
  get bytesRead(): number {
    return this.#read;
  }

  /** So much waits to be read by its peer that nothing more is said. */
  get clogged(): boolean {
    return this.#sink.backlog > backlogBytesMax;
  }

  /** Bytes that may still be put on it. */
  room(beyond = 0): number {
    if (this.clogged) return 0;
    return this.pace.window + beyond - this.inFlight;
  }

  /** When something put on it now would arrive, as far as can be told; milliseconds from now. */
  get arrivalMs(): number {
    const { rttMs, bytesPerMs } = this.pace;
    return (rttMs ?? 0) / 2 + (bytesPerMs > 0 ? this.inFlight / bytesPerMs : this.inFlight / 1024);
  }

  /** Puts a frame on it; goes out with {@link flush}. */
  put(header: Uint8Array, parts: readonly Uint8Array[], now: number, retained?: Retained): void {
    let bytes = header.length;
    this.#parts.push(header);
    for (const part of parts) {
      bytes += part.length;
      this.#parts.push(part);
    }
    if (this.inFlight === 0) {
      this.progressAt = now;
      this.pace.began(now, this.#sent);
    }
    this.#sent += bytes;
    if (this.stalled && retained) this.putWhileStalled = true;
    this.#ledger.push({ end: this.#sent, at: now, retained });
  }

  /** Puts a frame that asks for no receipt. */
  putUncounted(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#sent += bytes.length;
    // Counted as arrived with what is confirmed next; until then it takes no room worth speaking of.
    if (this.retainedFrames === 0) this.#confirmed = this.#sent;
  }

  /** Sends what was put, with a receipt if one is owed. */
  flush(): void {
    if (this.#parts.length === 0) return;
    if (this.#owesReceipt) this.putReceipt();
    const parts = this.#parts;
    this.#parts = [];
    this.#flushed = this.#sent;
    this.#sink.send(parts);
  }

  /** Bytes arrived. */
  read(bytes: number, now: number): void {
    this.heardAt = now;
    this.#read += bytes;
  }

  /** A frame arrived that asks for a receipt. */
  owe(now: number): void {
    this.#owesReceipt = true;
    this.#readAt = now;
  }

  /** Milliseconds until the receipt that is owed is due; 0 for at once. */
  receiptDueIn(now: number): number {
    const bytes = this.#read - this.#told;
    if (bytes < receiptAfter.bytes) return receiptAfter.ms;
    return bytes >= receiptAfter.manyBytes ? 0 : Math.max(0, this.#toldAt + receiptAfter.pauseMs - now);
  }

  get owesReceipt(): boolean {
    return this.#owesReceipt;
  }

  /** Puts the receipt that is owed; it stays owed while the carrier is clogged, or a peer that reads nothing would have them pile up. */
  putReceipt(): void {
    if (this.clogged) return;
    this.#owesReceipt = false;
    this.#told = this.#read;
    this.#toldAt = this.#readAt;
    const bytes = frameHeader(frameTypes.receipt, 0, 10, 10);
    putUint48(bytes, frameHeaderBytes, this.#read);
    putUint32(bytes, frameHeaderBytes + 6, tenths(this.#readAt));
    this.putUncounted(bytes);
  }

  /** The peer tells how much it has read, and when by its clock (tenths of a millisecond). False when it cannot have. */
  confirm(position: number, peerTenths: number, now: number): boolean {
    if (position > this.#sent) return false;
    if (position <= this.#confirmed) return true;
    const ledger = this.#ledger;
    let at = this.#ledgerFrom;
    let newest: Sent | undefined;
    const written = this.#written;
    while (at < ledger.length && ledger[at]!.end <= position) {
      newest = ledger[at++]!;
      if (newest.end <= written) over(newest.retained);
    }
    this.#ledgerFrom = at;
    if (at === ledger.length || at > compactAfter) {
      ledger.splice(0, at);
      this.#ledgerFrom = 0;
    }
    this.#confirmed = this.retainedFrames === 0 ? this.#sent : position;
    this.progressAt = now;
    if (this.stalled) this.#bare.forget();
    this.stalled = false;
    if (newest) {
      // Both clocks turn over; their difference does not.
      const wayMs = ((peerTenths - tenths(newest.at)) | 0) / 10;
      this.pace.confirmed(now, position, this.#sent, Math.max(0, now - newest.at), wayMs);
    }
    return true;
  }

  /**
   * Up to where nobody reads any more what was sent. Not what a peer confirms: it might confirm what it has not, and be sent what is in the memory then.
   */
  get #written(): number {
    const { unwritten } = this.#sink;
    return unwritten === undefined ? -1 : this.#flushed - unwritten;
  }

  /** What is in flight and would have to be sent again. Told once: what is handed over is not kept. */
  handOver(): Retained[] {
    const handed: Retained[] = [];
    this.putWhileStalled = false;
    for (let at = this.#ledgerFrom; at < this.#ledger.length; at++) {
      const { end, at: sentAt, retained } = this.#ledger[at]!;
      if (!retained) continue;
      if (retained.what === 'piece') retained.piece.shared = true;
      handed.push(retained);
      this.#ledger[at] = { end, at: sentAt, retained: undefined };
    }
    return handed;
  }
}

/** A frame arrived and is read by nobody here. */
function over(retained: Retained | undefined): void {
  if (retained?.what !== 'piece' || retained.piece.shared === true) return;
  for (const part of retained.piece.parts) giveBack(part);
}

/** A time in tenths of a millisecond, as far as 32 bits go. */
function tenths(ms: number): number {
  return Math.round(ms * 10) >>> 0;
}
