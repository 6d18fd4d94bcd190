import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Person } from '../../test/world-double.ts';
import { findPlugins, installPlugin, uninstallPlugin, type InstallWish } from './installed.ts';

const name = 'session-manager-plugin';

describe('our session-manager-plugin on PATH', () => {
  let person: Person;
  let program: string;
  const usual = () => join(person.home, '.local/bin');
  const folder = async (place: string) => {
    const path = join(person.home, place);
    await mkdir(path, { recursive: true });
    return path;
  };
  const other = async (place: string) => {
    const path = join(await folder(place), name);
    await writeFile(path, '#!/bin/sh\necho other\n');
    await chmod(path, 0o755);
    return path;
  };
  const paths = (...folders: string[]) => (person.env['PATH'] = folders.join(delimiter));
  const install = (wish: Partial<InstallWish> = {}) =>
    installPlugin(person.world(), { dir: undefined, force: false, program, ...wish });

  beforeEach(async () => {
    person = await Person.at('http://127.0.0.1:9');
    program = join(await folder("it's here"), 'session-manager-plugin.js');
    await writeFile(program, 'console.log(process.argv.slice(2).join("|"));\n');
    paths(usual(), join(person.home, 'elsewhere'));
  });
  afterEach(() => person.leave());

  it('is put into ~/.local/bin, starts with its arguments as they are, and is no other a second time', async () => {
    const path = join(usual(), name);
    expect(await install()).toEqual({ state: 'installed', path, first: path });
    const { stdout } = await promisify(execFile)(path, ['{"a": "b c"}', '', "d'e"]);
    expect(stdout).toBe('{"a": "b c"}||d\'e\n');
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect(await install()).toEqual({ state: 'unchanged', path, first: path });
    expect(await readdir(usual())).toEqual([name]);
  });

  it('never comes beside another one without a word, and says which that is', async () => {
    const path = await other('elsewhere');
    await expect(install()).rejects.toMatchObject({
      code: 'PLUGIN_OTHER_PRESENT',
      message: expect.stringContaining(path) as unknown,
    });
    expect((await findPlugins(person.world())).onPath).toEqual([{ path, ours: false }]);
  });

  it('comes beside another one when asked to, which stays as it is', async () => {
    const path = await other('elsewhere');
    const own = join(usual(), name);
    expect(await install({ force: true })).toEqual({ state: 'installed', path: own, first: own });
    expect(await readFile(path, 'utf8')).toContain('other');
    paths(join(person.home, 'elsewhere'), usual());
    expect(await install({ force: true })).toEqual({ state: 'unchanged', path: own, first: path });
    expect((await findPlugins(person.world())).onPath).toEqual([
      { path, ours: false },
      { path: own, ours: true },
    ]);
  });

  it('is put into the folder that is named, on PATH or not', async () => {
    const dir = join(person.home, 'tools');
    expect(await install({ dir })).toEqual({ state: 'installed', path: join(dir, name), first: null });
    expect(await uninstallPlugin(person.world(), undefined)).toEqual([]);
    expect(await uninstallPlugin(person.world(), dir)).toEqual([join(dir, name)]);
  });

  it('never writes over another one, forced or not, and never removes it', async () => {
    const path = await other('.local/bin');
    await expect(install({ force: true })).rejects.toMatchObject({ code: 'PLUGIN_FILE_FOREIGN' });
    await expect(install({ dir: usual() })).rejects.toMatchObject({ code: 'PLUGIN_FILE_FOREIGN' });
    expect(await uninstallPlugin(person.world(), undefined)).toEqual([]);
    await expect(uninstallPlugin(person.world(), usual())).rejects.toMatchObject({
      code: 'PLUGIN_FILE_FOREIGN',
    });
    expect(await readFile(path, 'utf8')).toContain('other');
  });

  it('is taken away from wherever PATH has it', async () => {
    await install();
    const path = join(usual(), name);
    paths(join(person.home, 'elsewhere'));
    expect(await uninstallPlugin(person.world(), undefined)).toEqual([path]);
    expect(await readdir(usual())).toEqual([]);
    expect(await uninstallPlugin(person.world(), undefined)).toEqual([]);
  });

  it('is told by tunnel plugin status: none, another one, ours behind it', async () => {
    const status = async () => {
      const { code, out } = await person.types('plugin', 'status', '--json');
      return { code, ...(JSON.parse(out) as object) };
    };
    expect(await status()).toEqual({ code: 0, id: 'plugin', state: 'absent', plugins: [] });
    await install();
    expect(await status()).toMatchObject({ state: 'installed' });
    const path = await other('elsewhere');
    paths(join(person.home, 'elsewhere'), usual());
    expect(await status()).toMatchObject({
      state: 'shadowed',
      plugins: [{ path, ours: false }, { ours: true }],
    });
  });
});
