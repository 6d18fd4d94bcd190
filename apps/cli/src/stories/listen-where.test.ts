import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { World } from '../world.ts';
import { confirmedBind, expectedPort, listenWish, socketPath } from './listen-where.ts';

const resource = { name: 'prod-rds', environment: 'production', port: 5432, protocol: 'postgresql' as const };

function terminal(answer: string | undefined): World {
  const text = () => Promise.resolve(answer ?? '');
  return {
    stdin: { isTTY: answer !== undefined },
    prompts: () => Promise.resolve({ text, secret: text }),
  } as unknown as World;
}

it('c6: prefers the port people expect, then the one of the name, then any free one', () => {
  const wish = listenWish({ on: 'port' }, resource);
  expect(wish).toMatchObject({ on: 'ports', ports: [15432, expect.any(Number) as number, 0] });
  expect(expectedPort({ on: 'port' }, resource)).toBe(15432);
});

it('c6: tries no other port than the one that was chosen', () => {
  expect(listenWish({ on: 'port', port: 5432 }, resource)).toEqual({ on: 'ports', ports: [5432] });
  expect(expectedPort({ on: 'port', port: 5432 }, resource)).toBe(undefined);
});

it.each([
  ['localhost', '127.0.0.1'],
  ['127.0.0.2', '127.0.0.2'],
  ['[::1]', '::1'],
])('binds to %s without a question', async (written, address) => {
  expect(await confirmedBind(terminal(undefined), written, ['prod-rds'], false)).toBe(address);
});

it('asks before others can reach the tunnel, and takes yes alone', async () => {
  expect(await confirmedBind(terminal('yes'), '0.0.0.0', ['prod-rds'], false)).toBe('0.0.0.0');
  await expect(confirmedBind(terminal('perhaps'), '0.0.0.0', ['prod-rds'], false)).rejects.toMatchObject({
    code: 'BIND_NOT_CONFIRMED',
  });
});

it('without a terminal binds to what others reach only when it was confirmed by a flag', async () => {
  await expect(confirmedBind(terminal(undefined), '10.0.0.5', ['prod-rds'], false)).rejects.toMatchObject({
    code: 'BIND_NOT_CONFIRMED',
    exitCode: 2,
    detail: 'With --bind 10.0.0.5 anybody who reaches 10.0.0.5 reaches prod-rds as you.',
  });
  expect(await confirmedBind(terminal(undefined), '10.0.0.5', ['prod-rds'], true)).toBe('10.0.0.5');
});

it('refuses to bind to a name', async () => {
  await expect(confirmedBind(terminal(undefined), 'db.example', ['a'], true)).rejects.toMatchObject({
    code: 'LOCAL_ADDRESS_INVALID',
  });
});

it('names the socket in a folder as its clients expect, and takes a path as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'socket-test-'));
  try {
    expect(await socketPath(folder, resource, '/')).toBe(join(folder, '.s.PGSQL.5432'));
    expect(await socketPath(`${folder}/`, { ...resource, protocol: 'redis' }, '/')).toBe(
      join(folder, 'prod-rds.sock'),
    );
    expect(await socketPath('db.sock', resource, folder)).toBe(join(folder, 'db.sock'));
    await expect(socketPath('x'.repeat(200), resource, folder)).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
