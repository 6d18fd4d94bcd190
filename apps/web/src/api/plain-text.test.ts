import { expect, it } from 'vitest';
import { parsePlainJson, plainText } from './plain-text.ts';

it.each([
  ['an override that turns the text round', 'ends in exe.\u202egpj', 'ends in exe.gpj'],
  ['isolates', 'a\u2066b\u2069c', 'abc'],
  ['marks', 'a\u200e\u200f\u061cb', 'ab'],
  ['zero-width characters', 'prod\u200b-r\u200dds\ufeff', 'prod-rds'],
  ['control characters', 'a\u0000b\u001bc\u007fd', 'abcd'],
])('takes away %s', (_what, typed, shown) => expect(plainText(typed)).toBe(shown));

it('leaves what people write: line breaks, accents, other scripts, pictures', () => {
  const text = 'Grüße,\n\tשלום مرحبا 你好 🚪 <b>bold</b>';
  expect(plainText(text)).toBe(text);
});

it('reaches every string of an answer, however deep', () => {
  const body = JSON.stringify({ items: [{ reason: 'x\u202ey', n: 1, none: null, tags: { k: '\u2067v' } }] });
  expect(parsePlainJson(body)).toEqual({ items: [{ reason: 'xy', n: 1, none: null, tags: { k: 'v' } }] });
});
