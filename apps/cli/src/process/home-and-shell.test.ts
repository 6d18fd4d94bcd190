import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { homeAndShell } from './home-and-shell.ts';

const { unlisted } = vi.hoisted(() => ({ unlisted: { is: true } }));
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  const refused = (call: string) => {
    throw new Error(`A system error occurred: ${call} returned ENOENT (no such file or directory)`);
  };
  return {
    ...os,
    userInfo: () => (unlisted.is ? refused('uv_os_get_passwd') : { ...os.userInfo(), shell: '/bin/zsh' }),
    homedir: () => process.env['HOME'] ?? (unlisted.is ? refused('uv_os_homedir') : '/home/ada'),
  };
});

beforeEach(() => {
  vi.stubEnv('HOME', undefined);
  vi.stubEnv('SHELL', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  unlisted.is = true;
});

it('are of nobody for a user who is on no list, and nothing fails', () => {
  expect(homeAndShell()).toBe('/nonexistent');
  expect(process.env).toMatchObject({ HOME: '/nonexistent', SHELL: '/bin/sh' });
});

it('are what the variables say, whoever is on a list', () => {
  vi.stubEnv('HOME', '/srv/ada');
  vi.stubEnv('SHELL', '/bin/fish');
  expect(homeAndShell()).toBe('/srv/ada');
  expect(process.env).toMatchObject({ HOME: '/srv/ada', SHELL: '/bin/fish' });
});

it('are what the list says without the variables', () => {
  unlisted.is = false;
  expect(homeAndShell()).toBe('/home/ada');
  expect(process.env['SHELL']).toBe('/bin/zsh');
});
