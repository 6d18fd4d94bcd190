import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { testAccount } from '../../testing/accounts.ts';
import { LiveHints } from '../live-hints/live-hints.ts';
import { inboundBytesMax, pingEveryMs } from './limits.ts';

let api: TestApi;
beforeAll(async () => void (api = await aTestApi()));
afterAll(() => api?.stop());

const bearer = (name: Parameters<typeof testAccount>[0]) => ({
  authorization: `Bearer ${testAccount(name).token}`,
});

function open(headers: Record<string, string>, path = '/api/live') {
  const socket = new WebSocket(api.url.replace('http', 'ws') + path, { headers });
  const messages: { topic: string; id: string }[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as (typeof messages)[number]);
    for (const resolve of waiting.splice(0)) resolve();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  socket.on('error', () => undefined);
  return {
    socket,
    messages,
    closed,
    until: async (count: number) => {
      while (messages.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

const publish = (people: string[], version = 1) =>
  api.app
    .get(LiveHints)
    .publish([{ topic: 'grant', id: 'grt_1', version, at: 0, audience: { people, groups: [], roles: [] } }]);

describe('a listener', () => {
  it('by token is greeted with its person and told what concerns it', async () => {
    const { id } = await api.as('engineer').readMe();
    const live = open(bearer('engineer'));
    await live.until(1);
    expect(live.messages[0]).toMatchObject({ topic: 'hello', id });
    publish(['prs_other']);
    publish([id]);
    await live.until(2);
    expect(live.messages.slice(1)).toMatchObject([{ topic: 'grant', id: 'grt_1' }]);
    live.socket.close();
    await live.closed;
  });

  it('by cookie from our own page is let in, and out when it signs out', async () => {
    const headers = await api.browser('engineer');
    const live = open({ cookie: headers.cookie, origin: headers.origin });
    await live.until(1);
    await fetch(`${api.url}/api/sign-out`, { method: 'POST', headers });
    expect(await live.closed).toEqual({ code: 4401, reason: 'SIGN_IN_REQUIRED' });
  });

  it('is out when a role is taken from its person', async () => {
    const live = open(bearer('approver'));
    await live.until(1);
    const { id } = await api.as('approver').readMe();
    const person = api.app.get(PrismaClient).person;
    await person.update({ where: { id }, data: { roles: ['engineer'] } });
    publish([id]);
    expect(await live.closed).toMatchObject({ code: 4403 });
    await person.update({ where: { id }, data: { roles: [...testAccount('approver').roles] } });
  });

  it('is out when its token is revoked elsewhere, at the next look', async () => {
    const { email, password } = testAccount('engineer');
    const { token, tokenId } = await api.as('engineer').cliSignIn({ email, password, deviceName: 'laptop' });
    const live = open({ authorization: `Bearer ${token}` });
    await live.until(1);
    const revokedAt = new Date(api.effects.clock.now());
    await api.app.get(PrismaClient).accessToken.update({ where: { id: tokenId }, data: { revokedAt } });
    api.effects.time.advance(pingEveryMs);
    expect(await live.closed).toMatchObject({ code: 4401 });
  });
});

describe('who is not let in', () => {
  it.each<[string, Record<string, string>, string, number]>([
    ['nobody', {}, '', 1008],
    ['an unknown token', { authorization: 'Bearer slp_x' }, '', 4401],
    ['a page of another site', { cookie: 'OWN', origin: 'https://evil.example' }, '', 1008],
    ['a page that does not say where it is from', { cookie: 'OWN' }, '', 1008],
    ['a token in the address', bearer('engineer'), '?token=slp_x', 1008],
  ])('%s', async (_, given, query, code) => {
    const { cookie } = await api.browser('engineer');
    const headers = { ...given, ...('cookie' in given ? { cookie } : {}) };
    const live = open(headers, `/api/live${query}`);
    expect(await live.closed).toMatchObject({ code });
    expect(live.messages).toEqual([]);
  });

  it('does not upgrade at another address', async () => {
    const live = open(bearer('engineer'), '/api/me');
    expect(await live.closed).toMatchObject({ code: 1006 });
  });
});

describe('a hostile client', () => {
  it.each<[string, string | Buffer, number]>([
    ['that talks', 'hello', 1008],
    ['that talks JSON', '{"event":"grant","data":{}}', 1008],
    ['that sends bytes', Buffer.alloc(3), 1003],
    ['that sends too much', 'x'.repeat(inboundBytesMax + 1), 1009],
  ])('%s is put out with a reason', async (_, frame, code) => {
    const live = open(bearer('engineer'));
    await live.until(1);
    live.socket.send(frame);
    expect(await live.closed).toMatchObject({ code });
  });

  it('that breaks the framing does no harm to others', async () => {
    const other = open(bearer('admin'));
    await other.until(1);
    const port = Number(new URL(api.url).port);
    const socket = connect(port, '127.0.0.1');
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET /api/live HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: ${bearer('engineer').authorization}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await once(socket, 'close');
    const { id } = await api.as('admin').readMe();
    publish([id]);
    await other.until(2);
    other.socket.close();
    await other.closed;
  });
});
