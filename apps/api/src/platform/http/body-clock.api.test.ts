import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testAccount } from '../../testing/accounts.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { progress, wholeBodyMs } from './body-clock.ts';

let api: TestApi;
beforeAll(async () => {
  api = await aTestApi();
});
afterAll(() => api?.stop());

const server = () => api.app.getHttpServer();

/** A request whose body is sent by hand. */
async function begun(line: string, bytes: number, token?: string, type = 'octet-stream') {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const [[serverSide]] = await Promise.all([
    once(server(), 'connection') as Promise<[Socket]>,
    once(socket, 'connect'),
  ]);
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
  const ended = once(socket, 'close');
  const received = once(server(), 'request');
  socket.write(
    `${line} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/${type}\r\nContent-Length: ${bytes}\r\n` +
      `${token === undefined ? '' : `Authorization: Bearer ${token}\r\n`}Connection: close\r\n\r\n`,
  );
  await received;
  let sent = serverSide.bytesRead;
  return {
    send: async (piece: Buffer) => {
      socket.write(piece);
      sent += piece.length;
      // Arrived, and taken out of the socket.
      await expect.poll(() => serverSide.bytesRead, { timeout: 30_000, interval: 5 }).toBe(sent);
    },
    /** What was answered, when the connection is closed. */
    answer: async () => {
      await ended;
      return { status: Number(heard.split(' ')[1]), code: /"code":"([A-Z_]+)"/.exec(heard)?.[1] };
    },
    heard: () => heard,
    socket,
  };
}
const recording = () => `PUT /api/recordings/${randomUUID()}/body`;
const engineer = testAccount('engineer').token;

it('a large body may take as long as it wants, as long as it comes', async () => {
  // The server's own bound would end it after five minutes, whatever arrives.
  expect(server().requestTimeout).toBe(0);
  const pieces = 12;
  const upload = await begun(recording(), pieces * progress.bytesMin, engineer);
  for (let piece = 0; piece < pieces; piece++) {
    await upload.send(Buffer.alloc(progress.bytesMin));
    if (piece < pieces - 1) api.effects.time.advance(progress.everyMs);
  }
  // Five minutes and a half; its refusal comes when it is through.
  expect(await upload.answer()).toEqual({ status: 404, code: 'RECORDING_UNKNOWN' });
});

it('one that drips is refused, and its connection cut', async () => {
  const upload = await begun(recording(), 64 * 1024 * 1024, engineer);
  await upload.send(Buffer.alloc(progress.bytesMin));
  api.effects.time.advance(progress.everyMs);
  await upload.send(Buffer.alloc(progress.bytesMin - 1));
  expect(upload.heard()).toBe('');
  api.effects.time.advance(progress.everyMs);
  expect(await upload.answer()).toEqual({ status: 408, code: 'REQUEST_TOO_SLOW' });
});

it('a small one has a minute, however it comes', async () => {
  const ask = await begun('POST /api/sign-in', 10_000, undefined, 'json');
  for (let second = 0; second < 59; second++) {
    await ask.send(Buffer.from(' '));
    api.effects.time.advance(1_000);
  }
  expect(ask.heard()).toBe('');
  api.effects.time.advance(wholeBodyMs - 59_000);
  expect(await ask.answer()).toEqual({ status: 408, code: 'REQUEST_TOO_SLOW' });
});

it('who was refused before the body came has no more than a minute for it', async () => {
  const upload = await begun(recording(), 64 * 1024 * 1024);
  await expect.poll(() => upload.heard(), { timeout: 30_000 }).toContain('SIGN_IN_REQUIRED');
  api.effects.time.advance(wholeBodyMs);
  expect(await upload.answer()).toMatchObject({ status: 401 });
});
