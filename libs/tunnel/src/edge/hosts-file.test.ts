import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withBlock } from './hosts-block.ts';
import { changeHostsFile } from './hosts-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  path = join(folder, 'hosts');
  writeFileSync(path, '127.0.0.1 localhost\n', { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const adding = (owner: string) => (text: string) =>
  withBlock(text, owner, [{ address: '10.0.0.1', names: [owner] }]);

it('replaces the file as a whole, with mode and links as they were', async () => {
  symlinkSync(path, join(folder, 'link'));
  expect(await changeHostsFile(join(folder, 'link'), adding('sally0'))).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain('10.0.0.1 sally0');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).sort()).toEqual(['hosts', 'link']);
});

it('writes nothing when nothing is to be changed', async () => {
  const before = statSync(path).mtimeMs;
  expect(await changeHostsFile(path, (text) => text)).toBe(false);
  expect(statSync(path).mtimeMs).toBe(before);
});

it('takes up what another program wrote in between', async () => {
  let disturbed = false;
  await changeHostsFile(path, (text) => {
    if (!disturbed) appendFileSync(path, '10.7.7.7 theirs\n');
    disturbed = true;
    return adding('sally0')(text);
  });
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('10.7.7.7 theirs');
  expect(text).toContain('10.0.0.1 sally0');
});

it('keeps bytes that are no UTF-8', async () => {
  writeFileSync(path, Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
  await changeHostsFile(path, adding('sally0'));
  await changeHostsFile(path, (text) => withBlock(text, 'sally0', []));
  expect([...readFileSync(path)]).toEqual([0x23, 0xff, 0xfe, 0x0a]);
});
