/**
 * Foreign text (names, reasons, comments) must not steer the terminal or reorder what a careful reader sees:
 * control characters, escape sequences and bidirectional controls are taken out.
 */
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/gu;
const bidirectional = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/gu;
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/gu;

/** One line of foreign text, made harmless. */
export function clean(text: string): string {
  return text.replace(escapeSequence, '').replace(bidirectional, '').replace(control, ' ').trim();
}

/** As {@link clean}, keeping line breaks and our own colours: the last filter before the terminal. */
export function cleanLines(text: string): string {
  return (
    text
      .replace(bidirectional, '')
      // Only colour sequences (CSI ... m) survive; they are written by the renderer, `clean` removed foreign ones.
      .replace(/\u001b(?!\[[0-9;]*m)/gu, '')
      .replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/gu, '')
  );
}

/**
 * A value as JSON that is harmless on a terminal too: JSON itself escapes the ASCII controls only, here C1 controls and bidirectional controls are escaped as well. A
 * parser reads the same value.
 */
export function harmlessJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .replace(bidirectional, escapedInJson)
    .replace(/[\u007f-\u009f\u2028\u2029]/gu, escapedInJson);
}

const escapedInJson = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text in lines of at most `width` characters, broken at blanks; a word that is longer stays whole, so that it can be copied. In one line without a width. */
export function wrapped(text: string, width: number | undefined): readonly [string, ...string[]] {
  if (width === undefined || text.length <= width) return [text];
  const [first = '', ...words] = text.split(' ');
  const lines: [string, ...string[]] = [first];
  for (const word of words) {
    const last = lines.length - 1;
    if (`${lines[last]} ${word}`.length <= width) lines[last] = `${lines[last]} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** `text` cut in its middle to at most `widthMax` characters; ids keep both their ends. */
export function shortenMiddle(text: string, widthMax: number): string {
  if (text.length <= widthMax || widthMax < 5) return text;
  const head = Math.ceil((widthMax - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (widthMax - 1 - head))}`;
}
