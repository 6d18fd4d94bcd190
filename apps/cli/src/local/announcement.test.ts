import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Person } from '../../test/world-double.ts';
import { Announcement } from './announcement.ts';
import { allEntries } from './tunnel-registry.ts';

let person: Person;
beforeEach(async () => (person = await Person.at('http://127.0.0.1:9')));
afterEach(() => person.leave());

it('nobody who takes it back hears that it is done before it is', async () => {
  const world = person.world();
  const announcement = await Announcement.begin(world, {
    ...{ name: 'prod-rds', grantId: 'grt_1', server: 'http://127.0.0.1:9', background: true, source: null },
  });
  const [entry] = await allEntries(world);
  const socket = entry?.socket ?? '';
  expect(existsSync(socket)).toBe(true);
  const first = announcement.withdraw();
  await announcement.withdraw();
  expect(existsSync(socket)).toBe(false);
  expect(await allEntries(world)).toEqual([]);
  await first;
});
