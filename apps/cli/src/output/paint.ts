/** Colour for state only; every function returns its text unchanged when colour is off. */
export interface Paint {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly waiting: (text: string) => string;
  readonly bad: (text: string) => string;
}

const plain = (text: string) => text;

/** No colour at all. */
export const noPaint: Paint = { dim: plain, bold: plain, good: plain, waiting: plain, bad: plain };

/** The paint for a stream: off without a terminal, with NO_COLOR set (https://no-color.org) or a dumb terminal. */
export function paintFor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  if (!isTTY || env['NO_COLOR'] || env['TERM'] === 'dumb') return noPaint;
  const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;
  return { dim: sgr(2, 22), bold: sgr(1, 22), good: sgr(32, 39), waiting: sgr(33, 39), bad: sgr(31, 39) };
}
