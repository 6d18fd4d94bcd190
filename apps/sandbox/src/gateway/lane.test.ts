import { simulatedEffects } from '@sallyport/effects/simulated';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import type { ChannelEnd } from './channel-end.ts';
import { noFaults, type DirectionFaults } from './faults.ts';
import { Lane } from './lane.ts';

class Receiver implements ChannelEnd {
  readonly frames: number[] = [];
  full = false;
  frame(bytes: Uint8Array): void {
    this.frames.push(bytes[0] ?? -1);
  }
  hold(): void {}
  close(): void {}
  lose(): void {}
}

function aLane(faults: Partial<DirectionFaults> = {}) {
  const effects = simulatedEffects({ seed: 7 });
  const lane = new Lane(
    effects,
    () => ({ ...noFaults.toClient, ...faults }),
    () => undefined,
  );
  return { lane, time: effects.time, receiver: new Receiver() };
}

const frame = (n: number, length = 1) => new Uint8Array(length).fill(n);

describe('a lane of the relay', () => {
  it('keeps frames in order while the receiver is away', () => {
    const { lane, receiver } = aLane();
    lane.push(frame(1));
    lane.push(frame(2));
    lane.connect(receiver);
    lane.push(frame(3));
    expect(receiver.frames).toEqual([1, 2, 3]);
  });

  it('holds frames back for the time asked, and lets the last message pass at once', () => {
    const { lane, receiver, time } = aLane();
    lane.connect(receiver);
    lane.push(frame(1));
    lane.holdBack(100);
    lane.push(frame(2));
    time.advance(99);
    expect(receiver.frames).toEqual([1]);
    time.advance(1);
    expect(receiver.frames).toEqual([1, 2]);
    lane.holdBack(100);
    lane.push(frame(3));
    lane.last(frame(4));
    expect(receiver.frames).toEqual([1, 2, 3, 4]);
  });

  it('keeps no more than its bounds for an absent receiver', () => {
    const { lane, receiver } = aLane();
    for (let i = 0; i < limits.heldFramesMax + 10; i++) lane.push(frame(1));
    lane.connect(receiver);
    expect(receiver.frames).toHaveLength(limits.heldFramesMax);
    const large = aLane();
    for (let i = 0; i < 10; i++) large.lane.push(frame(1, limits.heldBytesMax / 4));
    expect(large.lane.full).toBe(true);
    large.lane.connect(large.receiver);
    expect(large.receiver.frames).toHaveLength(4);
  });

  it('drops, repeats, reorders and delays by its faults, and loses nothing else', () => {
    const { lane, receiver, time } = aLane({
      duplicatePercent: 20,
      reorderPercent: 20,
      delayPercent: 20,
      delayMs: 5,
    });
    lane.connect(receiver);
    for (let i = 0; i < 100; i++) lane.push(frame(i));
    time.advance(100);
    expect(new Set(receiver.frames).size).toBe(100);
    expect(receiver.frames.length).toBeGreaterThan(100);
    expect(receiver.frames).not.toEqual([...receiver.frames].sort((a, b) => a - b));
    const lossy = aLane({ dropPercent: 50 });
    lossy.lane.connect(lossy.receiver);
    for (let i = 0; i < 100; i++) lossy.lane.push(frame(i));
    expect(lossy.receiver.frames.length).toBeGreaterThan(20);
    expect(lossy.receiver.frames.length).toBeLessThan(80);
  });

  it('lets the last of reordered frames go when nothing follows', () => {
    const { lane, receiver, time } = aLane({ reorderPercent: 100 });
    lane.connect(receiver);
    lane.push(frame(1));
    expect(receiver.frames).toEqual([]);
    time.advance(50);
    expect(receiver.frames).toEqual([1]);
  });

  it('keeps to a rate in bytes', () => {
    const { lane, receiver, time } = aLane({ bytesPerSecond: 1000 });
    lane.connect(receiver);
    for (let i = 0; i < 10; i++) lane.push(frame(i, 100));
    time.advance(450);
    expect(receiver.frames.length).toBeGreaterThanOrEqual(4);
    expect(receiver.frames.length).toBeLessThanOrEqual(5);
    time.advance(1000);
    expect(receiver.frames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
