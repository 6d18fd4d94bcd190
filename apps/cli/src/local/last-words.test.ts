import { beforeEach, expect, it } from 'vitest';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiDouble } from '../../test/api-double.ts';
import { eachTestHas } from '../../test/desk.ts';
import type { Person } from '../../test/world-double.ts';
import { directoriesOf } from '../settings/directories.ts';
import { leaveWord } from './last-words.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

beforeEach(async () => {
  await signedIn();
  api.on('GET /resources', { body: { items: [] } });
});

const word = (at: string, detail: string) =>
  leaveWord(person.world(), { name: 'prod-rds', at, code: 'GRANT_ENDED', detail });

it('why a tunnel of the background ended is told by the next command of a person, once, oldest first', async () => {
  await word(
    '2026-01-01T10:05:00.000Z',
    'prod-rds: the grant ended, it was revoked: "laptop\u001b[31m lost"',
  );
  await word('2026-01-01T09:00:00.000Z', 'prod-web: the grant ended, its time has expired');
  const first = await person.types('ls');
  expect(first.err).toContain(
    'in the background, 2026-01-01 09:00 UTC: prod-web: the grant ended, its time has expired (GRANT_ENDED)\n' +
      'in the background, 2026-01-01 10:05 UTC: prod-rds: the grant ended, it was revoked: "laptop',
  );
  expect(first.err).not.toContain('\u001b[31m');
  expect((await person.types('ls')).err).not.toContain('in the background');
});

it('is not told to a program that reads JSON, and waits for a person', async () => {
  await word('2026-01-01T10:05:00.000Z', 'prod-rds: the grant ended, its time has expired');
  expect((await person.types('ls', '--json')).err).toBe('');
  expect((await person.types('ls')).err).toContain('its time has expired');
});

it('is removed untold where it is no such thing', async () => {
  const folder = join(directoriesOf(person.world()).state, 'ends');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, '1.json'), '{"name":7}', { mode: 0o600 });
  expect((await person.types('ls')).err).not.toContain('background');
  expect(await readdir(folder)).toEqual([]);
});
