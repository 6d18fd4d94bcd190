import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it } from 'vitest';
import { KeepAlive } from './keep-alive.ts';

function connection() {
  const asked: unknown[][] = [];
  const socket = Object.assign(new EventEmitter(), {
    setKeepAlive: (...settings: unknown[]) => void asked.push(settings),
  });
  return { socket: socket as unknown as Socket, asked };
}

it('prepares what lives for half a minute, once, and nothing that is over sooner', () => {
  const { time } = simulatedEffects();
  const keepAlive = new KeepAlive(time);
  const [short, long] = [connection(), connection()];
  keepAlive.watch(short.socket);
  keepAlive.watch(long.socket);
  time.advance(14_000);
  short.socket.emit('close');
  expect(keepAlive.waiting).toBe(1);
  time.advance(20_000);
  expect(long.asked).toEqual([[true, 60_000]]);
  expect(keepAlive.waiting).toBe(0);
  time.advance(120_000);
  expect([short.asked.length, long.asked.length]).toEqual([0, 1]);
});

it('looks again for what comes after a quiet time', () => {
  const { time } = simulatedEffects();
  const keepAlive = new KeepAlive(time);
  time.advance(100_000);
  const late = connection();
  keepAlive.watch(late.socket);
  time.advance(31_000);
  expect(late.asked).toEqual([[true, 60_000]]);
});
