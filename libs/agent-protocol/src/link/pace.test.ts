import { expect, it } from 'vitest';
import { flightBytes } from '../limits.ts';
import { BareWay, CarrierPace } from './pace.ts';

it('a carrier that joins others whose way is known begins with little, and with much after the way has changed', () => {
  const way = new BareWay();
  const first = new CarrierPace(way);
  expect(first.window).toBe(flightBytes.first);
  first.began(0, 0);
  first.confirmed(40, 10_000, 10_000, 40, 20);
  expect(new CarrierPace(way).window).toBe(flightBytes.joining);
  way.forget();
  expect(new CarrierPace(way).window).toBe(flightBytes.first);
});

it('what it began with doubles each round trip while no queue shows', () => {
  const way = new BareWay();
  new CarrierPace(way).confirmed(40, 1, 1, 40, 20);
  const pace = new CarrierPace(way);
  pace.began(100, 0);
  let sent = 0;
  for (let now = 140; now <= 140 + 3 * 40; now += 40) {
    pace.limited();
    sent += pace.window;
    pace.confirmed(now, sent, sent, 40, 20);
  }
  expect(pace.window).toBe(flightBytes.joining * 16);
});

it.each([
  ['goes on growing on a way of a millisecond, where processors are waited for', 1, 6, 2],
  ['grows no more beside a queue of ten milliseconds on that way', 1, 10, 1],
  ['grows no more beside six on a way of forty, where lines are', 40, 6, 1],
])('%s', (_what, tripMs, queueMs, times) => {
  const way = new BareWay();
  new CarrierPace(way).confirmed(tripMs, 1, 1, tripMs, tripMs / 2);
  const pace = new CarrierPace(way);
  pace.began(100, 0);
  pace.limited();
  const sent = pace.window;
  pace.confirmed(100 + tripMs + queueMs, sent, sent, tripMs + queueMs, tripMs / 2 + queueMs);
  expect(pace.window).toBe(flightBytes.joining * times);
});
