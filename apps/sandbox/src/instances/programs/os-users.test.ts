import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Instance } from '../../world/world.ts';
import { accountFiles, usersOf } from './os-users.ts';

it('are written once: who runs at the instance never finds the accounts half written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const of = (users: string[]) => ({ id: 'i-0123456789abcdef0', users }) as unknown as Instance;
  const [user] = usersOf(of(['app']));
  const files = await accountFiles(folder, of(['app']), user!, false);
  const both = [files.passwd, files.group];
  for (const file of both) utimesSync(file, 1, 1);
  await accountFiles(folder, of(['app']), user!, false);
  expect(both.map((file) => statSync(file).mtimeMs)).toEqual([1_000, 1_000]);
  // Other accounts than before are another file: what runs keeps those that it began with.
  const before = both.map((file) => statSync(file).ino);
  await accountFiles(folder, of(['app', 'web']), user!, false);
  expect(readFileSync(files.passwd, 'utf8')).toContain('\nweb:x:');
  for (const [at, file] of both.entries()) expect(statSync(file).ino).not.toBe(before[at]);
});
