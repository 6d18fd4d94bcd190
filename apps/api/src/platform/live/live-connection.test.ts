import { expect, it } from 'vitest';
import type { Actor } from '../http/actor.ts';
import { Authenticator } from '../http/authenticator.ts';
import type { LiveHint } from '../live-hints/live-hints.ts';
import { bufferedBytesMax, queuedHintsMax } from './limits.ts';
import { LiveConnection, type LiveSocket } from './live-connection.ts';

const approver: Actor = {
  id: 'prs_1',
  name: 'approver',
  email: 'approver@example.com',
  roles: ['engineer', 'approver'],
  groups: ['db-owners'],
  signedInBy: 'cookie',
  credentialId: 'sin_1',
  scopes: null,
};

const hint = (audience: Partial<LiveHint['audience']>, more: Partial<LiveHint> = {}): LiveHint => ({
  topic: 'grant',
  id: 'grt_1',
  version: 1,
  at: 0,
  audience: { people: [], groups: [], roles: [], ...audience },
  ...more,
});

class Standing extends Authenticator {
  now: Actor | undefined = approver;
  asked = 0;
  byCookie = () => Promise.resolve(this.now);
  byToken = () => Promise.resolve(this.now);
  again(): Promise<Actor | undefined> {
    this.asked++;
    return Promise.resolve(this.now);
  }
}

function aConnection(actor = approver) {
  const sent: unknown[] = [];
  const ended: (number | string)[] = [];
  const socket = {
    bufferedAmount: 0,
    send: (text: string) => void sent.push(JSON.parse(text)),
    close: (code: number) => void ended.push(code),
    terminate: () => void ended.push('terminated'),
    ping: () => undefined,
  } satisfies LiveSocket;
  const standing = new Standing();
  standing.now = actor;
  return { connection: new LiveConnection(socket, actor, standing), sent, ended, socket, standing };
}

it.each([
  ['names the person', { people: ['prs_1'] }, 1],
  ['names a group of theirs', { groups: ['db-owners'] }, 1],
  ['names a role of theirs', { roles: ['approver'] }, 1],
  ['names others', { people: ['prs_2'], groups: ['admins'], roles: ['admin'] }, 0],
])('sends a hint that %s as the audience says', async (_, audience, count) => {
  const { connection, sent } = aConnection();
  connection.offer(hint(audience));
  await connection.idle();
  expect(sent).toHaveLength(count);
});

it('tells topic, id and version, and nothing of the audience', async () => {
  const { connection, sent } = aConnection();
  connection.offer(hint({ people: ['prs_1', 'prs_2'] }));
  await connection.idle();
  expect(sent).toEqual([{ topic: 'grant', id: 'grt_1', version: 1, at: '1970-01-01T00:00:00.000Z' }]);
});

it('sends nothing to a person who left the group a moment ago', async () => {
  const { connection, sent, standing } = aConnection();
  standing.now = { ...approver, groups: [] };
  connection.offer(hint({ groups: ['db-owners'] }));
  await connection.idle();
  expect(sent).toEqual([]);
});

it.each<[string, Actor | undefined, number]>([
  ['signed out', undefined, 4401],
  ['lost a role', { ...approver, roles: ['engineer'] }, 4403],
])('ends when the person has %s, before anything is sent', async (_, now, code) => {
  const { connection, sent, ended, standing } = aConnection();
  standing.now = now;
  connection.offer(hint({ people: ['prs_1'] }));
  await connection.idle();
  expect({ sent, ended }).toEqual({ sent: [], ended: [code] });
});

it('asks once for many hints that come together', async () => {
  const { connection, sent, standing } = aConnection();
  for (let version = 0; version < 50; version++) connection.offer(hint({ people: ['prs_1'] }, { version }));
  await connection.idle();
  expect(sent).toHaveLength(50);
  expect(standing.asked).toBeLessThanOrEqual(2);
});

it('ends a reader that is too far behind', async () => {
  const { connection, ended } = aConnection();
  for (let version = 0; version <= queuedHintsMax + 1; version++)
    connection.offer(hint({ people: ['prs_1'] }, { version }));
  await connection.idle();
  expect(ended).toEqual([4408]);
});

it('ends a reader whose socket takes nothing', async () => {
  const { connection, ended, sent, socket } = aConnection();
  socket.bufferedAmount = bufferedBytesMax + 1;
  connection.offer(hint({ people: ['prs_1'] }));
  await connection.idle();
  expect({ ended, sent }).toEqual({ ended: [4408], sent: [] });
});

it('drops a reader that does not answer a ping', async () => {
  const { connection, ended } = aConnection();
  await connection.check();
  connection.answered();
  await connection.check();
  expect(ended).toEqual([]);
  await connection.check();
  expect(ended).toEqual(['terminated']);
});

it('tells a token without the audit scope nothing of audit events', async () => {
  const { connection, sent } = aConnection({ ...approver, signedInBy: 'token', scopes: ['read'] });
  connection.offer(hint({ people: ['prs_1'] }, { topic: 'audit' }));
  await connection.idle();
  expect(sent).toEqual([]);
});
