import { limits } from '@sallyport/agent-protocol';
import { giveBack } from '@sallyport/effects/memory';

/** Pieces shorter than this are put together when they must wait: each alone would cost more than its bytes. */
const smallBytes = 2 * 1024;
const trayBytes = { least: 256, most: 16 * 1024 };
/** So many pieces wait as they came. */
const piecesFree = 16;

/** What a client said that its destination has not been given yet, in order. */
export class Held {
  #pieces: Uint8Array[] = [];
  bytes = 0;
  /** Small pieces are put into it; it is the last of the pieces, filled so far. */
  #tray: Uint8Array | undefined;
  #filled = 0;

  /** In memory. */
  get heldBytes(): number {
    return this.bytes + this.#pieces.length * limits.pieceOverheadBytes;
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

  /** All of it; nothing is held afterwards. */
  take(): Uint8Array[] {
    this.#closeTray();
    const pieces = this.#pieces;
    this.drop();
    return pieces;
  }

  drop(): void {
    this.#pieces = [];
    this.bytes = 0;
    this.#tray = undefined;
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
