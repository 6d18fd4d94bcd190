import { chmod, lstat, readFile, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiDouble, aRequest, aResource, aReview, token } from '../test/api-double.ts';
import { eachTestHas } from '../test/desk.ts';
import type { Person } from '../test/world-double.ts';
import { commandTable } from './command-table.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

const tokenFile = () => join(person.home, '.config', 'sallyport', 'sign-ins.json');
const last = () => api.asked.at(-1);

describe('the command line', () => {
  it.each(Object.keys(commandTable))(
    '%s --help opens with one sentence and at least three examples',
    async (id) => {
      const { code, out } = await person.types(...id.split(' '), '--help');
      const [sentence, blank, ...rest] = out.split('\n');
      expect(code).toBe(0);
      expect(sentence).toMatch(/^[A-Z].*\.$/u);
      expect(blank).toBe('');
      expect(rest.slice(0, 3).every((line) => /^ {2}.*\b(?:tunnel\b|TUNNEL_|AWS_PROFILE=)/u.test(line))).toBe(
        true,
      );
    },
  );

  it('tells every command and what it does in two columns that do not touch', async () => {
    const { code, out } = await person.types('--help');
    expect(code).toBe(0);
    const rows = out.split('\n').map((line) => line.trim().split(/ (?=[A-Z])/u));
    const told = new Map(rows.map(([id = '', ...summary]) => [id.trim(), summary.join(' ').trim()]));
    for (const [id, command] of Object.entries(commandTable))
      expect(told.get(id)).toBe((await command()).summary);
  });

  it('gives its help as one object to a program that reads JSON', async () => {
    const { code, out } = await person.types('audit', 'search', '--help', '--json');
    expect(code).toBe(0);
    const { id, text } = JSON.parse(out) as { id: string; text: string };
    expect(id).toBe('tunnel audit search');
    expect(text).toContain('tunnel audit search');
  });

  it('suggests the nearest command and exits 2', async () => {
    const { code, err } = await person.types('conect', 'prod-rds');
    expect(code).toBe(2);
    expect(err).toContain('tunnel connect');
    expect(err).toContain('COMMAND_UNKNOWN');
  });

  it.each([['recording'], ['audit'], ['helper']])(
    'lists what there is of %s, which is no command alone',
    async (topic) => {
      const { code, err } = await person.types(topic);
      expect(code).toBe(2);
      const there = Object.keys(commandTable).filter((id) => id.startsWith(`${topic} `));
      expect(err).toContain(
        `There is no command "${topic}"; there is: ${there.map((id) => `tunnel ${id}`).join(', ')}`,
      );
    },
  );

  it.each([
    [['ls', '--nope']],
    [['connect']],
    [['deny', 'req_1']],
    [['done']],
    [['audit', 'search', '--limit', 'many']],
    [['connect', 'prod-rds', '--port', '70000']],
    [['connect', 'prod-rds', '--']],
    [['connect', 'a', 'b', '--port', '1']],
    [['connect', 'a', 'b', '--socket', 'x']],
    [['connect', 'a', '--socket', 'x', '--port', '1']],
    [['connect', 'a', '--socks', '--bind', '127.0.0.1']],
    [['connect', 'a', '--socks', '70000']],
    [['connect', 'a', '--metrics', '9464']],
    [['connect', 'a', '--metrics', '0.0.0.0:9464']],
    [['connect', 'a', '--bind', 'example.com']],
    [['connect', 'a', '--bind', '0.0.0.0']],
    [['connect', 'a', '--while-down', 'hope']],
    [['connect', 'a', '--via', 'magic']],
    [['connect', 'a', '--socks', '--via', 'tun']],
    [['connect', 'a', '--background', '--socks']],
  ])('refuses %j as usage, exit 2', async (argv) => {
    await signedIn();
    expect(await person.types(...argv)).toMatchObject({ code: 2, out: '' });
  });

  it('tells the version as one JSON object', async () => {
    const { out } = await person.types('--version', '--json');
    expect(JSON.parse(out)).toMatchObject({ id: 'tunnel', version: '0.0.0-test' });
  });

  it('writes a failure as one JSON object on standard output too, with the documented exit code', async () => {
    const { code, out, err } = await person.types('ls', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'TOKEN_MISSING', exitCode: 4 } });
    expect(err).toContain('tunnel login');
  });

  it.each([
    ['refused', 403, 5],
    ['missing', 404, 6],
    ['conflict', 409, 7],
    ['pending', 409, 8],
    ['limited', 429, 9],
    ['unavailable', 503, 10],
    ['ended', 409, 12],
    ['bug', 500, 1],
    ['unauthenticated', 401, 4],
  ] as const)('exits by the kind of the problem: %s %i -> %i', async (kind, status, exit) => {
    await signedIn();
    api.refuse('GET /resources', status, 'SOME_CODE', kind, 'It is so');
    const { code, err } = await person.types('ls');
    expect(code).toBe(exit);
    expect(err).toContain('It is so (SOME_CODE)');
  });

  it('exits 10 when the control plane does not answer', async () => {
    await signedIn();
    await api.stop();
    const { code, err } = await person.types('ls');
    expect(code).toBe(10);
    expect(err).toContain('SERVER_UNREACHABLE');
    api = await ApiDouble.start();
  });

  it('sends no token to another machine without encryption', async () => {
    person.env['TUNNEL_SERVER'] = 'http://sallyport.example.com';
    person.stdin = token;
    expect(await person.types('login', '--token-stdin')).toMatchObject({ code: 11 });
  });
});

describe('signing in', () => {
  it('keeps the token in a 0600 file of a 0700 folder', async () => {
    await signedIn();
    expect((await lstat(tokenFile())).mode & 0o777).toBe(0o600);
    expect((await lstat(dirname(tokenFile()))).mode & 0o777).toBe(0o700);
    expect(await readFile(tokenFile(), 'utf8')).toContain(token);
  });

  it.each([
    ['is readable by the group', async (path: string) => chmod(path, 0o640)],
    [
      'is a link',
      async (path: string) => {
        await rename(path, `${path}.real`);
        await symlink(`${path}.real`, path);
      },
    ],
  ])('refuses a token file that %s', async (_why, spoil) => {
    await signedIn();
    await spoil(tokenFile());
    const { code, err } = await person.types('whoami');
    expect(code).toBe(11);
    expect(err).toContain('TOKEN_FILE_UNSAFE');
  });

  it('asks for e-mail and password at a terminal, and revokes the token it got at sign-out', async () => {
    const answer = {
      token,
      tokenId: 'tok_1',
      expiresAt: '2036-01-01T00:00:00Z',
      me: { email: 'engineer@example.com' },
    };
    api.on('POST /cli-sign-in', { status: 201, body: answer });
    api.on('DELETE /access-tokens/tok_1', { status: 204 });
    person.stdin = undefined;
    person.answers = ['engineer@example.com', 'the password'];
    expect(await person.types('login')).toMatchObject({ code: 0 });
    expect(last()?.body).toMatchObject({ email: 'engineer@example.com', password: 'the password' });
    expect(await person.types('logout')).toMatchObject({ code: 0 });
    expect(last()).toMatchObject({ method: 'DELETE', authorization: `Bearer ${token}` });
    expect(await person.types('whoami')).toMatchObject({ code: 4 });
  });

  it('does not ask without a terminal', async () => {
    expect(await person.types('login')).toMatchObject({ code: 2 });
  });

  it('refuses what is not a token', async () => {
    person.stdin = 'two words\nand more';
    expect((await person.types('login', '--token-stdin')).err).toContain('TOKEN_MALFORMED');
  });

  it('keeps nothing when the token is not accepted', async () => {
    api.refuse('GET /me', 401, 'TOKEN_INVALID', 'unauthenticated', 'The token is not valid');
    person.stdin = token;
    expect(await person.types('login', '--token-stdin')).toMatchObject({ code: 4 });
    await expect(lstat(tokenFile())).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('lists', () => {
  beforeEach(() => signedIn());

  it('are {items} with --json, tab-separated when piped, and a table at a terminal', async () => {
    api.on('GET /resources', { body: { items: [aResource()] } });
    expect(JSON.parse((await person.types('ls', '--json')).out)).toMatchObject({
      items: [{ name: 'prod-rds' }],
    });
    const piped = (await person.types('ls')).out;
    expect(piped.split('\t')[0]).toBe('prod-rds');
    expect(piped).not.toContain('NAME');
    person.terminal = true;
    expect((await person.types('ls')).out).toContain('NAME');
  });

  it('take no colour with NO_COLOR', async () => {
    api.on('GET /resources', {
      body: {
        items: [aResource({ mine: { state: 'waiting', requestId: 'r', grantId: null, endsAt: null } })],
      },
    });
    person.terminal = true;
    expect((await person.types('ls')).out).toContain('\u001b[33m');
    person.env['NO_COLOR'] = '1';
    expect((await person.types('ls')).out).not.toContain('\u001b');
  });

  it('fit the width of the terminal', async () => {
    api.on('GET /resources', { body: { items: [aResource({ host: 'a'.repeat(200) })] } });
    person.terminal = true;
    person.env['NO_COLOR'] = '1';
    person.columns = 80;
    const lines = (await person.types('ls')).out.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('strip what would steer the terminal or reorder the text', async () => {
    const reason = 'a\u001b[2Jb\u001b]0;title\u0007c\u202edcba\u0000\u009b31m\nnext';
    api.on('GET /access-requests', { body: { items: [aRequest({ reason })] } });
    const { out } = await person.types('requests');

    expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u);
    expect(out).toContain('abcdcba');
  });

  it('suggest the nearest resource for an unknown one', async () => {
    api.refuse('GET /resources/prod-rsd', 404, 'RESOURCE_UNKNOWN', 'missing', 'There is none');
    api.on('GET /resources', { body: { items: [aResource()] } });
    const { code, err } = await person.types('show', 'prod-rsd');
    expect(code).toBe(6);
    expect(err).toContain('did you mean prod-rds?');
  });
});

describe('asking and answering', () => {
  beforeEach(async () => {
    await signedIn();
    api.on('GET /resources/prod-rds', { body: aResource() });
    api.on('POST /access-requests', { status: 201, body: aRequest() });
  });

  const ask = ['request', 'prod-rds', '--for', '1h30m', '--reason', 'INC-1'];

  it('returns 0 once recorded with --no-wait', async () => {
    const { code, out } = await person.types(...ask, '--ticket', 'OPS-1', '--no-wait', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: aRequest().id, state: 'pending' });
    expect(last()?.body).toMatchObject({
      resources: ['prod-rds'],
      durationSeconds: 5400,
      reason: 'INC-1',
      ticket: 'OPS-1',
    });
  });

  it('goes on as soon as a hint says that somebody answered', async () => {
    let state = 'pending';
    api.on('GET /access-requests/req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', () => ({
      body: aRequest({ state, reviews: state === 'pending' ? [] : [aReview('approve')] }),
    }));
    const asking = person.types(...ask);
    await vi.waitFor(() => expect(last()?.path).toContain('/access-requests/req_'), { timeout: 30_000 });
    state = 'approved';
    api.hint('access-request', aRequest().id);
    const { code, out, err } = await asking;
    expect(code).toBe(0);
    expect(out.trim()).toBe(aRequest().id);
    expect(err).toContain('approved by approver@example.com');
  });

  it('goes on waiting while the control plane is away, and says so once', async () => {
    const path = `/access-requests/${aRequest().id}`;
    const reads = () => api.asked.filter((asked) => asked.path.endsWith(path)).length;
    api.refuse(`GET ${path}`, 503, 'SERVER_UNREACHABLE', 'unavailable', 'Restarting');
    const asking = person.types(...ask);
    for (const count of [1, 2]) {
      await vi.waitFor(() => expect(reads()).toBeGreaterThanOrEqual(count), { timeout: 30_000 });
      api.hint('access-request', aRequest().id);
    }
    api.on(`GET ${path}`, { body: aRequest({ state: 'approved', reviews: [aReview('approve')] }) });
    api.hint('access-request', aRequest().id);
    const { code, err } = await asking;
    expect(code).toBe(0);
    expect(err.split('asking again')).toHaveLength(2);
  });

  it('does not wait on what is refused', async () => {
    api.refuse(`GET /access-requests/${aRequest().id}`, 404, 'REQUEST_UNKNOWN', 'missing', 'There is none');
    const { code, err } = await person.types(...ask);
    expect(code).toBe(6);
    expect(err).toContain('REQUEST_UNKNOWN');
  });

  it.each([
    ['denied', [aReview('deny', 'use the replica')], 'REQUEST_DENIED'],
    ['lapsed', [], 'REQUEST_LAPSED'],
  ])('exits 5 when the request is %s', async (state, reviews, problem) => {
    api.on(`GET /access-requests/${aRequest().id}`, { body: aRequest({ state, reviews }) });
    const { code, err } = await person.types(...ask);
    expect(code).toBe(5);
    expect(err).toContain(problem);
    if (state === 'denied') expect(err).toContain('use the replica');
  });

  it('leaves the request pending on Ctrl-C and says how to go on', async () => {
    api.on(`GET /access-requests/${aRequest().id}`, { body: aRequest() });
    const asking = person.types(...ask);
    await vi.waitFor(() => expect(last()?.path).toContain('/access-requests/req_'), { timeout: 30_000 });
    person.signal('SIGINT');
    const { code, err } = await asking;
    expect(code).toBe(130);
    expect(err).toContain('tunnel connect prod-rds');
    expect(api.asked.some((asked) => asked.path.endsWith('/cancel'))).toBe(false);
  });

  it('refuses a bad duration before asking anything of the server', async () => {
    const before = api.asked.length;
    const { code, err } = await person.types('request', 'prod-rds', '--for', 'soon', '--reason', 'x');
    expect(code).toBe(2);
    expect(err).toContain('DURATION_INVALID');
    expect(api.asked).toHaveLength(before);
  });

  it('returns 2 without a terminal and without --reason', async () => {
    expect((await person.types('request', 'prod-rds')).code).toBe(2);
  });

  it('approves what was shown: the digest goes with the answer', async () => {
    api.on(`GET /access-requests/${aRequest().id}`, {
      body: aRequest({ factsDigest: 'digest-1', mayReview: true }),
    });
    api.on(`POST /access-requests/${aRequest().id}/reviews`, {
      status: 201,
      body: aRequest({ state: 'approved' }),
    });
    expect((await person.types('approve', aRequest().id, '--for', '30m', '--only', 'prod-rds')).code).toBe(0);
    expect(last()?.body).toEqual({
      verdict: 'approve',
      factsDigest: 'digest-1',
      durationSeconds: 1800,
      only: ['prod-rds'],
    });
  });
});
