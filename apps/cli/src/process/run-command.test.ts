import { expect, it, vi } from 'vitest';
import { systemEffects } from '@sallyport/effects/system';
import type { World } from '../world.ts';
import { environmentFor, runCommand } from './run-command.ts';

const guidance = {
  variables: {
    TUNNEL_HOST: '127.0.0.1',
    TUNNEL_PORT: '15432',
    TUNNEL_URL: 'postgres://app_ro@127.0.0.1:15432/shop',
  },
  clears: (variable: string) => variable.startsWith('PG'),
  words: {
    host: '127.0.0.1',
    port: '15432',
    url: 'postgres://app_ro@127.0.0.1:15432/shop',
    'prod-web.port': '18080',
  },
};

function world(): World {
  const env = { PATH: process.env['PATH'] };
  return {
    env,
    stdin: { isTTY: false },
    effects: systemEffects(),
    onSignal: () => () => undefined,
  } as unknown as World;
}
const exitOf = (...command: string[]) => runCommand(world(), { command, guidance }).exited;

it('tells the program where the tunnel is, and clears what belongs to another server', () => {
  const env = environmentFor(
    { HOME: '/home/x', PGPASSWORD: 'other', PGHOST: 'elsewhere', PGSSLMODE: 'require' },
    { ...guidance, variables: { ...guidance.variables, PGHOST: '127.0.0.1' } },
  );
  expect(env).toEqual({ HOME: '/home/x', ...guidance.variables, PGHOST: '127.0.0.1' });
});

it('passes the exit status on, signals as a shell counts them', async () => {
  expect(await exitOf('sh', '-c', 'exit 3')).toBe(3);
  expect(await exitOf('sh', '-c', 'kill -9 $$')).toBe(137);
});

it('puts the place into the arguments', async () => {
  const check = 'test "$1" = 127.0.0.1:15432 && test "$2" = "$TUNNEL_URL"';
  expect(await exitOf('sh', '-c', check, 'sh', '{host}:{port}', '{url}')).toBe(0);
});

it('puts the place of each of several tunnels into the arguments, and leaves other braces alone', async () => {
  const check = 'test "$1" = 18080 && test "$2" = "{print \\$1} {other}"';
  expect(await exitOf('sh', '-c', check, 'sh', '{prod-web.port}', '{print $1} {other}')).toBe(0);
});

it('names a program that is not there', async () => {
  await expect(exitOf('no-such-program-here')).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
    exitCode: 11,
  });
});

it('asks the program to end when the grant does', async () => {
  const running = runCommand(world(), { command: ['sleep', '60'], guidance });
  await vi.waitFor(() => running.terminate(), { timeout: 30_000 });
  expect(await running.exited).toBe(143);
});
