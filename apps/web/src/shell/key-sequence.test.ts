import { expect, it } from 'vitest';
import { nextPlace } from '../sign-in/next-place.ts';
import { nextKey, sequenceMs } from './key-sequence.ts';

const bindings = new Set(['?', 'j', 'a', 'g i', 'g a']);

it('types a single key at once', () => expect(nextKey(bindings, undefined, 'j', 0)).toEqual({ typed: 'j' }));

it('waits for the second key of a sequence, which wins over a single key', () => {
  const { pending } = nextKey(bindings, undefined, 'g', 100);
  expect(pending).toEqual({ key: 'g', at: 100 });
  expect(nextKey(bindings, pending, 'a', 200)).toEqual({ typed: 'g a' });
});

it('forgets a leader that came too long ago, or was followed by something else', () => {
  expect(nextKey(bindings, { key: 'g', at: 0 }, 'a', sequenceMs + 1)).toEqual({ typed: 'a' });
  expect(nextKey(bindings, { key: 'g', at: 0 }, 'x', 10)).toEqual({});
});

it.each([
  [null, '/'],
  ['/inbox?request=req_1', '/inbox?request=req_1'],
  ['https://elsewhere.example/', '/'],
  ['//elsewhere.example/', '/'],
  ['/\\elsewhere.example', '/'],
  ['/\t/elsewhere.example', '/'],
  ['/sign-in?next=/', '/'],
  ['javascript:alert(1)', '/'],
])('goes on to %s only when it is a page of ours', (next, place) => expect(nextPlace(next)).toBe(place));
