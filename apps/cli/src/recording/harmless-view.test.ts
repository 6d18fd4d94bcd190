import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HarmlessView } from './harmless-view.ts';

const shown = (...pieces: readonly string[]) => {
  const view = new HarmlessView();
  return pieces.map((piece) => view.take(piece)).join('');
};

describe('what a program showed, at the terminal of who looks at it later', () => {
  it.each([
    ['clipboard', '\u001b]52;c;cm0gLXJm\u0007'],
    ['clipboard, ended by ST', '\u001b]52;c;cm0gLXJm\u001b\\'],
    ['title', '\u001b]2;rm -rf\u0007'],
    ['report of the title', '\u001b[21t'],
    ['resizing of the window', '\u001b[8;1;1t'],
    ['question who it is', '\u001b[c'],
    ['the same of old terminals', '\u001bZ'],
    ['the same in one byte', '\u0005'],
    ['question for the cursor', '\u001b[6n'],
    ['question for a mode', '\u001b[?1$p'],
    ['question for its version', '\u001b[>0q'],
    ['question for its parameters', '\u001b[x'],
    ['question for a setting', '\u001bP$qm\u001b\\'],
    ['question for a colour', '\u001b]11;?\u0007'],
    ['check sum of what stands there', '\u001b[1;1;1;1;2;2*y'],
    ['application text', '\u001b_Gi=31;AAAA\u001b\\'],
    ['printer', '\u001b[5i'],
    ['mouse', '\u001b[?1000h\u001b[?1006h'],
    ['mouse, by highlighting', '\u001b[1;1;1;1;9T'],
    ['focus reports', '\u001b[?1004h'],
    ['other keys', '\u001b[>4;2m\u001b[>1u'],
    ['locked keyboard', '\u001b[2h'],
    ['the way out of UTF-8', '\u001b%@'],
    ['answers in 8 bits', '\u001b G'],
    ['what was there before', '\u001b[3J'],
  ])('there is no %s', (_what, sequence) => {
    expect(shown(`a${sequence}b`)).toBe('ab');
    expect(shown('a', ...sequence, 'b')).toBe('ab');
  });

  it.each([
    'plain, grüß, 日本, \u{1f600}\r\n\t\b\u0007\u000e\u000f',
    '\u001b[1;38:2:1:2:3;4mred\u001b[m',
    '\u001b[H\u001b[2J\u001b[K\u001b[10;20H\u001b[3A\u001b[2P\u001b[4@\u001b[1;24r\u001b[S\u001b[2T',
    '\u001b[?1049h\u001b[?25l\u001b[?1h\u001b=\u001b[4l\u001b[?2026h',
    '\u001b7\u001b8\u001bM\u001b(0qqq\u001b(B\u001b#8\u001b[!p',
  ])('drawing stays as it is: %j', (text) => {
    expect(shown(text)).toBe(text);
    expect(shown(...text)).toBe(text);
  });

  it('keeps of several modes those that draw, and a full reset leaves what was there before', () => {
    expect(shown('\u001b[?1049;1004;25h')).toBe('\u001b[?1049;25h');
    expect(shown('\u001bc')).toBe('\u001b[!p\u001b[2J\u001b[H');
  });

  it('hides no text behind controls of 8 bits or sequences that break off or never end', () => {
    expect(shown('\u009d52;c;x\udc9d')).toBe('\ufffd52;c;x\ufffd');
    expect(shown('\u001b[31\u001b]0;t\u0007x\u001b[5\ny')).toBe('x\ny');
    expect(shown(`\u001b[${'1'.repeat(300)}z`)).toBe(`${'1'.repeat(100)}z`);
    expect(shown('\u001b]0;never ended\u0018seen')).toBe('seen');
  });

  it('lets through no sequence that it does not know, however it comes', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          '\u001b',
          '[',
          ']',
          '?',
          '>',
          '52',
          ';',
          'c',
          't',
          'n',
          'm',
          'h',
          'P',
          '\\',
          '\u0007',
        ),
        fc.constantFrom('\u0005', '\u009b', '\udc9d', ' ', '$', '1004', '\n', '\u0018', 'Z', 'é'),
      ),
    );
    fc.assert(
      fc.property(pieces, (given) => {
        const text = shown(...given);
        expect(text).toBe(shown(given.join('')));
        const drawn = /\u001b\[(?:[\d;]*[mPZ]|!p|2J|H)|\u001b[>nm]/gu;
        expect(text.replaceAll(drawn, '')).not.toMatch(/[\u001b\u0005\u009b\udc9d]/u);
        // What was let through once is let through again, whole.
        expect(shown(text)).toBe(text);
      }),
    );
  });
});
