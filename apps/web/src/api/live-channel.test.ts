import { SimulatedTime } from '@sallyport/effects/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LiveHint } from './contract.ts';
import { LiveChannel, reconnectDelayMs, type LiveState, type SocketEvents } from './live-channel.ts';

let time: SimulatedTime;
let sockets: (SocketEvents & { isClosed: boolean })[];
let hints: LiveHint[];
let states: LiveState[];
let identityChanges: number;
let channel: LiveChannel;

beforeEach(() => {
  time = new SimulatedTime();
  sockets = [];
  hints = [];
  states = [];
  identityChanges = 0;
  channel = new LiveChannel({
    openSocket: (events) => {
      const socket = { ...events, isClosed: false };
      sockets.push(socket);
      return { close: () => (socket.isClosed = true) };
    },
    timers: time,
    fraction: () => 1,
    onHint: (hint) => hints.push(hint),
    onState: (state) => states.push(state),
    onIdentityChanged: () => (identityChanges += 1),
  });
  channel.start();
});

describe('the live channel', () => {
  it('hands on hints, and nothing that is none', () => {
    sockets[0]!.opened();
    sockets[0]!.received('{"topic":"grant","id":"grt_1"}');
    for (const noise of ['{', 'null', '{"topic":1}', '{"topic":"grant"}', new ArrayBuffer(4)]) {
      sockets[0]!.received(noise);
    }
    expect(hints).toEqual([{ topic: 'grant', id: 'grt_1' }]);
    expect(states).toEqual(['connecting', 'open']);
  });

  it('comes back after it was cut, waiting longer each time, and at once after a success', () => {
    for (const delay of [500, 1_000, 2_000]) {
      const opened = sockets.length;
      sockets.at(-1)!.closed(1006);
      time.advance(delay - 1);
      expect(sockets).toHaveLength(opened);
      time.advance(1);
      expect(sockets).toHaveLength(opened + 1);
    }
    sockets.at(-1)!.opened();
    sockets.at(-1)!.closed(1006);
    time.advance(500);
    expect(sockets).toHaveLength(5);
  });

  it('does not come back when the person is signed out, and says so', () => {
    sockets[0]!.opened();
    sockets[0]!.closed(4401);
    time.advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(states.at(-1)).toBe('closed');
    expect(identityChanges).toBe(1);
  });

  it('asks who the person is when a role was lost, and comes back', () => {
    sockets[0]!.closed(4403);
    time.advance(500);
    expect(sockets).toHaveLength(2);
    expect(identityChanges).toBe(1);
  });

  it('tries at once when told to hurry, and only when it was waiting', () => {
    channel.hurry();
    expect(sockets).toHaveLength(1);
    sockets[0]!.closed(1006);
    channel.hurry();
    expect(sockets).toHaveLength(2);
  });

  it('hears nothing more once it was stopped', () => {
    channel.stop();
    sockets[0]!.received('{"topic":"grant","id":"grt_1"}');
    sockets[0]!.closed(1006);
    time.advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(sockets[0]!.isClosed).toBe(true);
    expect(hints).toEqual([]);
  });
});

it('spreads reconnects over half of a bounded delay', () => {
  expect(reconnectDelayMs(0, 0)).toBe(250);
  expect(reconnectDelayMs(30, 0)).toBe(7_500);
  expect(reconnectDelayMs(30, 1)).toBe(15_000);
});
