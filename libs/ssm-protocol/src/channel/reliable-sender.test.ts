import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { unacknowledgedMessagesMax } from '../limits.ts';
import { ReliableSender } from './reliable-sender.ts';

const frame = new Uint8Array(1);

it('finds every message by its number however many are in flight, and again when few are', () => {
  const sender = new ReliableSender(Infinity);
  let now = 0;
  for (const flight of [1, 63, 64, 65, 1_000, unacknowledgedMessagesMax, 3, 64]) {
    const first = sender.nextSequence;
    for (let count = 0; count < flight; count += 1) sender.store(frame, (now += 1));
    expect(sender.unacknowledged).toBe(flight);
    expect(sender.hasSpace).toBe(flight < unacknowledgedMessagesMax);
    // The odd ones first, so that the oldest stays: the head moves at the end alone.
    const numbers = Array.from({ length: flight }, (_, at) => first + at);
    for (const odd of [true, false])
      for (const sequence of numbers.filter((number) => (number - first) % 2 === Number(odd)))
        expect(sender.acknowledge(sequence, (now += 1))).toBe(true);
    expect(numbers.some((sequence) => sender.acknowledge(sequence, now))).toBe(false);
    expect(sender.unacknowledged).toBe(0);
  }
});

it('sends again what was in flight, in order, also when the flight outgrew the places there were', () => {
  const sender = new ReliableSender(Infinity);
  const frames = Array.from({ length: 300 }, (_, at) => new Uint8Array([at & 0xff, at >> 8]));
  for (const each of frames) sender.store(each, 0);
  for (const acknowledged of [0, 7, 299]) sender.acknowledge(acknowledged, 1);
  sender.startReplay();
  const again: Uint8Array[] = [];
  while (sender.replay(2, (each) => void again.push(each)));
  expect(again).toEqual(frames.filter((_, at) => ![0, 7, 299].includes(at)));
});

it('keeps no place for each message that ever was: a session that has carried much holds what one holds that has carried little', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const senders = Array.from({ length: 50 }, () => new ReliableSender(Infinity));
  const carry = (messages: number) => {
    for (const sender of senders)
      for (let count = 0; count < messages; count += 1) {
        sender.store(frame, count);
        sender.acknowledge(sender.nextSequence - 1, count);
      }
  };
  const inUse = () => (collect(), collect(), process.memoryUsage().heapUsed);
  carry(100);
  const little = inUse();
  carry(2 * unacknowledgedMessagesMax);
  // 256 KiB each, were there a place for each of the most that may be in flight.
  expect((inUse() - little) / senders.length).toBeLessThan(8 * 1024);
});
