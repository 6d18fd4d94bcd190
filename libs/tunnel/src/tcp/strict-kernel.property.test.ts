import { expect, it } from 'vitest';
import { strictConversation, type Trouble } from '../testing/strict-conversation.ts';

const none: Trouble = { lost: 0, twice: 0, swapped: 0 };

it.each([
  ['in order', none, 80],
  ['with loss', { lost: 0.05, twice: 0, swapped: 0 }, 30],
  ['with everything', { lost: 0.05, twice: 0.05, swapped: 0.05 }, 30],
] as const)(
  'an endpoint and a kernel that keeps strictly to what it must understand each other to the last byte: %s',
  (_, trouble, seeds) => {
    // `npm run proof -- packet-fuzz` tries twelve thousand.
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { wrong, way } = strictConversation(seed, trouble);
      expect(wrong, `seed ${seed}: ${way}`).toEqual([]);
    }
  },
  60_000,
);

it.each([
  // The program says much and reads nothing meanwhile; what it is sent stands before its closed window.
  [882, 20_000],
  // Nobody lets wait.
  [134, 200],
])('nobody waits for a timer that need not: seed %i', (seed, ms) => {
  const conversation = strictConversation(seed, none);
  expect(conversation.wrong).toEqual([]);
  expect(conversation.ms).toBeLessThan(ms);
});
