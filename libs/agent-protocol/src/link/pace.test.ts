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
