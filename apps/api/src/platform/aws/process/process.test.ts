import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLog } from '@sallyport/effects';
import { systemTimers } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PrincipalSocket, RemoteSessionRevoker } from './remote-principal.ts';
import { servePrincipal } from './serve-principal.ts';
import type { Operation } from './operations.ts';

let folder: string;
let path: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-principal-'));
  path = join(folder, 'revoker.sock');
});
afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

const search = { accountId: '111122223333', region: 'eu-west-1', prefix: 'jit-grt_1-' };
const revoker = () => new RemoteSessionRevoker(new PrincipalSocket(path, systemTimers));

async function serve(operations: Record<string, Operation>) {
  server = await servePrincipal(operations, path, noLog);
}

it('asks and answers over a socket that only this user may open', async () => {
  const asked: unknown[] = [];
  const found = [{ ssmSessionId: 'jit-grt_1-abc', instanceId: null, startedAt: 1 }];
  await serve({ list: (input) => (asked.push(input), Promise.resolve(found)) });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(revoker().list(search)).resolves.toEqual(found);
  expect(asked).toEqual([search]);
});

it('hands a refusal on with its code', async () => {
  await serve({ list: () => Promise.reject(new Problem('AWS_THROTTLED')) });
  await expect(revoker().list(search)).rejects.toMatchObject({ code: 'AWS_THROTTLED' });
});

it('refuses an operation of another principal', async () => {
  await serve({ issue: () => Promise.resolve(null) });
  await expect(revoker().list(search)).rejects.toMatchObject({ code: 'AWS_TARGET_UNKNOWN' });
});

it('says nothing of a bug but that it is one', async () => {
  await serve({ list: () => Promise.reject(new Error('secret')) });
  const refusal = await revoker()
    .list(search)
    .catch((error: unknown) => error as Problem);
  expect(refusal).toMatchObject({ code: 'INTERNAL_ERROR' });
  expect((refusal as Problem).detail).not.toContain('secret');
});

it('knows a principal that does not run from one whose answer was lost', async () => {
  await expect(revoker().list(search)).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE' });
  server = createServer((socket) => void socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  await expect(revoker().list(search)).rejects.toMatchObject({ code: 'AWS_ANSWER_LOST' });
});

it('does not take an answer of another form', async () => {
  await serve({ list: () => Promise.resolve([{ ssmSessionId: 7 }]) });
  await expect(revoker().list(search)).rejects.toMatchObject({ code: 'AWS_ANSWER_LOST' });
});
