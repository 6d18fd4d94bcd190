const [cr, lf, tilde, dot] = [0x0d, 0x0a, 0x7e, 0x2e];

/**
 * Finds `~.` at the beginning of a line, by which a person leaves a shell that no longer answers (as with ssh). A `~` there is held back until the next key tells what it
 * is; `~~` sends one.
 */
export class Escape {
  #lineBegins = true;
  #held = false;

  /** What of the typed bytes is to be sent on, and whether the person wants to leave. */
  take(bytes: Uint8Array): { readonly send: Uint8Array; readonly leave: boolean } {
    const send: number[] = [];
    for (const byte of bytes) {
      if (this.#held) {
        this.#held = false;
        if (byte === dot) return { send: Uint8Array.from(send), leave: true };
        send.push(tilde);
        this.#lineBegins = false;
        if (byte === tilde) continue;
      } else if (byte === tilde && this.#lineBegins) {
        this.#held = true;
        continue;
      }
      send.push(byte);
      this.#lineBegins = byte === cr || byte === lf;
    }
    return { send: Uint8Array.from(send), leave: false };
  }
}
