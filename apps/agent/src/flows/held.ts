import { limits } from '@sallyport/agent-protocol';
import { giveBack } from '@sallyport/effects/memory';

/** Pieces shorter than this are put together when they must wait: each alone would cost more than its bytes. */
const smallBytes = 2 * 1024;
const trayBytes = { least: 256, most: 16 * 1024 };
/** So many pieces wait as they came. */
const piecesFree = 16;

/** What a conversation holds in memory: on its link, and beyond it. `seen` are buffers that were counted already; what is counted is put to them. */
export type HeldBytes = (seen?: Set<ArrayBufferLike>) => { readonly near: number; readonly far: number };

/** What a client said that its destination has not been given yet, in order. */
export class Held {
  #pieces: Uint8Array[] = [];
  /** Of those that were not taken yet. */
  bytes = 0;
  /** Taken, and not yet passed on by the system. */
  readonly #underWay: (readonly Uint8Array[])[] = [];
  /** Small pieces are put into it; it is the last of the pieces, filled so far. */
  #tray: Uint8Array | undefined;
  #filled = 0;

  /** In memory: a piece keeps all of the buffer that it lies in. `seen` are buffers that were counted already. */
  heldBytes(seen: Set<ArrayBufferLike>): number {
    let bytes = 0;
    for (const pieces of [this.#pieces, ...this.#underWay])
      for (const { buffer } of pieces) {
        bytes += limits.pieceOverheadBytes;
        if (seen.has(buffer)) continue;
        seen.add(buffer);
        bytes += buffer.byteLength;
      }
    return bytes;
  }

  /** Taken pieces wait for the system, and are held until {@link passed}. */
  waits(pieces: readonly Uint8Array[]): void {
    this.#underWay.push(pieces);
  }

  /** The first that waited are no more held. */
  passed(): void {
    this.#underWay.shift();
  }

  /** Keeps a piece. Lent ones are given back when they were copied. */
  add(piece: Uint8Array): void {
    this.bytes += piece.length;
    if (piece.length >= smallBytes || this.#pieces.length < piecesFree) {
      this.#closeTray();
      this.#pieces.push(piece);
      return;
    }
    if (this.#tray === undefined || this.#filled + piece.length > trayBytes.most) this.#newTray(piece.length);
    else if (this.#filled + piece.length > this.#tray.length) this.#widenTray(piece.length);
    this.#tray!.set(piece, this.#filled);
    this.#filled += piece.length;
    giveBack(piece);
  }

  /** All that was not taken yet. */
  take(): Uint8Array[] {
    this.#closeTray();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.bytes = 0;
    return pieces;
  }

  /** Nothing is held any more. */
  drop(): void {
    this.take();
    this.#underWay.length = 0;
  }

  #closeTray(): void {
    if (this.#tray !== undefined)
      this.#pieces[this.#pieces.length - 1] = this.#tray.subarray(0, this.#filled);
    this.#tray = undefined;
  }

  #newTray(length: number): void {
    this.#closeTray();
    this.#tray = new Uint8Array(Math.max(trayBytes.least, length));
    this.#filled = 0;
    this.#pieces.push(this.#tray);
  }

  #widenTray(length: number): void {
    const wider = new Uint8Array(
      Math.min(trayBytes.most, Math.max(2 * this.#tray!.length, this.#filled + length)),
    );
    wider.set(this.#tray!.subarray(0, this.#filled));
    this.#tray = wider;
  }
}
