/** What makes a terminal do more than show: escape sequences, a request for its name (ENQ), the controls of 8 bits, as characters and as the bytes they once were. */
const special = /[\u0005\u001b\u0080-\u009f\udc80-\udc9f]/gu;
const whole =
  /\u001b(?:\[[\u0020-\u003f]{0,200}[\u0040-\u007e]|[\u0020-\u002f]{0,4}[\u0030-\u005a\u005c-\u007e])/uy;
/** What may yet become a sequence. */
const begun = /\u001b(?:\[[\u0020-\u003f]{0,200}|[\u0020-\u002f]{0,4})$/uy;
/** What came of one that breaks off, or has no end. */
const broken = /\u001b(?:\[[\u0020-\u003f]{0,200}|[\u0020-\u002f]{0,4})/uy;
/** Begins a text for the terminal itself: title, clipboard, notification, colours, pictures, its settings. */
const stringBegins = /^\u001b[PX\]^_]$/u;
const stringEnds = /[\u0007\u0018\u001a\u001b]/gu;

/** Cursor, keypad, tabulators, character sets; not the way out of UTF-8 (`ESC %`), where pieces of characters would be controls. */
const escapeShown = /^\u001b(?:[78=>DEHMNOlmno|}~]|[()*+\-./#][\u0030-\u007e])$/u;
/** Cursor, erasing, inserting, scrolling, colours; neither questions, nor the window, the printer, the mouse, nor what was on the terminal before (`3J`). */
const controlShown = /^\u001b\[(?:[\d;:]*[@-HIKLMPXZ`abdefgmrs]|\d*[ST]|u|!p|[0-2]?J|\?[0-2]?[JK])$/u;
const modesSet = /^\u001b\[(\??)([\d;]*)([hlrs])$/u;
/** Inserting and line feeds; cursor keys, look, origin, wrapping, cursor, margins, the other screen, drawing at once. Neither mouse, focus and paste reports, nor a locked keyboard. */
const modesShown = {
  '': new Set(['4', '20']),
  '?': new Set(['1', '5', '6', '7', '12', '25', '45', '47', '69', '1047', '1048', '1049', '2026']),
};

/**
 * Takes out of what a program showed all that would do something to the terminal of who looks at it later: write to its clipboard, ask it for answers that are then
 * typed, name its window, reach its printer. Only what is known to draw goes through. What does not is left out; what merely looks like it stays as plain text.
 */
export class HarmlessView {
  /** Of a sequence that has not come wholly yet; short. */
  #held = '';
  #inString = false;

  /** The part of it that may be shown; sequences may come in pieces. */
  take(text: string): string {
    const all = this.#held + text;
    this.#held = '';
    let shown = '';
    let at = this.#inString ? this.#afterString(all, 0) : 0;
    while (at < all.length) {
      special.lastIndex = at;
      const found = special.exec(all)?.index ?? all.length;
      shown += all.slice(at, found);
      at = found;
      if (at === all.length) break;
      if (all[at] !== '\u001b') {
        if (all[at] !== '\u0005') shown += '\ufffd';
        at += 1;
        continue;
      }
      const sequence = matchAt(whole, all, at);
      if (sequence === undefined) {
        if (matchAt(begun, all, at) !== undefined) {
          this.#held = all.slice(at);
          break;
        }
        at += matchAt(broken, all, at)?.length ?? 1;
      } else if (stringBegins.test(sequence)) at = this.#afterString(all, at + sequence.length);
      else {
        shown += drawing(sequence);
        at += sequence.length;
      }
    }
    return shown;
  }

  /** Where it goes on after such a text, which is dropped as it comes. */
  #afterString(all: string, from: number): number {
    stringEnds.lastIndex = from;
    const end = stringEnds.exec(all)?.index;
    this.#inString = end === undefined;
    if (end === undefined) return all.length;
    // An escape begins the end of it, or something else that ends it as well.
    return all[end] === '\u001b' ? end : end + 1;
  }
}

function matchAt(form: RegExp, text: string, at: number): string | undefined {
  form.lastIndex = at;
  return form.exec(text)?.[0];
}

/** A full reset takes what was on the terminal before as well: this one looks the same. */
const fullReset = '\u001bc';
const likeReset = '\u001b[!p\u001b[2J\u001b[H';

function drawing(sequence: string): string {
  if (sequence === fullReset) return likeReset;
  if (escapeShown.test(sequence) || controlShown.test(sequence)) return sequence;
  const [, mark = '', modes = '', final = ''] = modesSet.exec(sequence) ?? [];
  const known = modesShown[mark === '?' ? '?' : ''];
  const kept = modes.split(';').filter((mode) => known.has(mode));
  return final === '' || kept.length === 0 ? '' : `\u001b[${mark}${kept.join(';')}${final}`;
}
