import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiDouble, token } from '../../test/api-double.ts';
import { endLeftRecordings, leftRecording } from '../../test/left-recording.ts';
import { askProcess } from '../local/control-socket.ts';
import { takeWords } from '../local/last-words.ts';
import { recordingsFolder } from '../recording/any-recording.ts';
import { headOf } from '../recording/spool.ts';
import { directoriesOf } from '../settings/directories.ts';
import { saveSignIn } from '../settings/token-file.ts';
import { Person } from '../../test/world-double.ts';
import type { World } from '../world.ts';
import { endBackgroundProcess } from './background-process.ts';
import { Daemon } from './daemon.ts';
import { LogFile, logFilePath } from './log-file.ts';
import { daemonSocketPath } from './single-instance.ts';
import { proxyNames, readWish, settingsOf, type BackgroundWish } from './wish.ts';

let person: Person;
let world: World;
let log: LogFile;
const hour = 3_600_000;

beforeEach(async () => {
  person = await Person.at('http://127.0.0.1:9');
  world = person.world();
  log = await LogFile.open(world);
});
afterEach(() => person.leave());

const ask = (what: object) => askProcess(world, daemonSocketPath(world), what as { ask: string });
/** Serving, once it answers. */
async function serving(idle: number): Promise<Promise<boolean>[]> {
  const ended = Daemon.serve(world, log, idle);
  await vi.waitFor(async () => expect(await ask({ ask: 'daemon' })).toBeDefined(), { timeout: 45_000 });
  return [ended];
}
const aWish: BackgroundWish = {
  name: 'prod-rds',
  grantId: 'grt_1',
  port: null,
  bind: null,
  socketPath: null,
  via: null,
  source: null,
  settings: { TUNNEL_SERVER: 'http://127.0.0.1:9' },
};

describe('the background process', () => {
  it('is one: a second one finds the first and leaves it alone', async () => {
    const [ended] = await serving(hour);
    expect(await Daemon.serve(world, log, hour)).toBe(false);
    expect(await ask({ ask: 'daemon' })).toEqual({ pid: world.pid, version: world.version, tunnels: 0 });
    await ask({ ask: 'shutdown' });
    expect(await ended).toBe(true);
  });

  it('ends by itself when it has had nothing to do for a while, and leaves no socket', async () => {
    expect(await Daemon.serve(world, log, 20)).toBe(true);
    await expect(stat(daemonSocketPath(world))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(logFilePath(world), 'utf8')).toMatch(/ending why=idle/u);
  });

  it('takes the place of one that was killed, whose socket is still there', async () => {
    const killed = createServer();
    await new Promise<void>((done) => killed.listen(`${daemonSocketPath(world)}.x`, done));
    // Under another name the file outlives its listener, as it does a kill.
    await rename(`${daemonSocketPath(world)}.x`, daemonSocketPath(world));
    await new Promise((done) => killed.close(done));
    expect((await stat(daemonSocketPath(world))).isSocket()).toBe(true);
    const [ended] = await serving(hour);
    await ask({ ask: 'shutdown' });
    expect(await ended).toBe(true);
  });

  it('tells the problem when a tunnel cannot be opened, and goes on', async () => {
    const [ended] = await serving(hour);
    await expect(ask({ ask: 'open', wish: aWish })).rejects.toMatchObject({ code: 'TOKEN_MISSING' });
    await expect(ask({ ask: 'open', wish: { ...aWish, port: 'x' } })).rejects.toMatchObject({
      code: 'DAEMON_WISH_INVALID',
    });
    await expect(ask({ ask: 'dance' })).rejects.toMatchObject({ code: 'DAEMON_WISH_INVALID' });
    await expect(ask({ protocol: 1, ask: 'open', wish: aWish })).rejects.toMatchObject({
      code: 'DAEMON_VERSION_OTHER',
    });
    expect(await ask({ protocol: 1, ask: 'shutdown' })).toMatchObject({ pid: world.pid });
    expect(await ended).toBe(true);
  });
});

describe('what killed sessions recorded', () => {
  let api: ApiDouble;
  beforeEach(async () => {
    api = await ApiDouble.start();
    world = { ...world, env: { ...world.env, TUNNEL_SERVER: api.url } };
    await saveSignIn(world, new URL(api.url), { token, email: 'engineer@example.com' });
  });
  afterEach(async () => {
    await endLeftRecordings();
    await api.stop();
  });
  const offers = () => api.asked.filter(({ path }) => path === '/grants/grt_1/recordings');

  it('is handed over by the background process too, without any command', async () => {
    const id = await leftRecording(world, api.url);
    api.on('POST /grants/grt_1/recordings', { status: 201, body: { id, upload: 'y' } });
    api.on(`PUT /recordings/${id}/body`, { status: 204 });
    const [ended] = await serving(hour);
    await expect.poll(() => readdir(recordingsFolder(world))).toEqual([]);
    expect(offers()).toMatchObject([{ authorization: `Bearer ${token}`, body: { id, complete: false } }]);
    await ask({ ask: 'shutdown' });
    await ended;
    expect(await readFile(logFilePath(world), 'utf8')).toContain('handed over the recording of an earlier');
  });

  it('is looked for again each minute; a refusal is told by the next command, once', async () => {
    const { timers } = world.effects;
    let look: () => void = () => undefined;
    const every = (ms: number, run: () => void) => {
      if (ms === 60_000) look = run;
      return timers.every(ms, run);
    };
    world = { ...world, effects: { ...world.effects, timers: { ...timers, every } } };
    const [ended] = await serving(hour);
    api.refuse('POST /grants/grt_1/recordings', 403, 'RECORDING_TOO_LATE', 'refused', 'Seven days are over.');
    const id = await leftRecording(world, api.url);
    expect(offers()).toEqual([]);
    look();
    await expect.poll(async () => (await headOf(world, id))?.refused?.code).toBe('RECORDING_TOO_LATE');
    // Written under another name first.
    const words = async () =>
      (await readdir(join(directoriesOf(world).state, 'ends')).catch(() => [])).filter((name) =>
        name.endsWith('.json'),
      );
    await expect.poll(words, { timeout: 30_000 }).toHaveLength(1);
    await ask({ ask: 'shutdown' });
    await ended;
    expect(await takeWords(world)).toMatchObject([
      {
        name: 'web-1-shell',
        code: 'RECORDING_TOO_LATE',
        detail: expect.stringContaining('tunnel recording left') as string,
      },
    ]);
  });

  it('is left alone where nobody is signed in', async () => {
    await saveSignIn(world, new URL(api.url), undefined);
    const id = await leftRecording(world, api.url);
    const [ended] = await serving(hour);
    await ask({ ask: 'shutdown' });
    await ended;
    expect(offers()).toEqual([]);
    expect(await headOf(world, id)).toMatchObject({ id, notBefore: null });
  });
});

it('of another version is ended, and its answer is heard', async () => {
  const newer = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () =>
      socket.end('{"protocol":3,"answer":{"pid":7,"version":"9.0.0","tunnels":1}}\n'),
    );
  });
  await new Promise<void>((done) => newer.listen(daemonSocketPath(world), done));
  try {
    expect(await endBackgroundProcess(world)).toMatchObject({ pid: 7 });
    await expect(ask({ ask: 'daemon' })).rejects.toMatchObject({ code: 'DAEMON_VERSION_OTHER' });
  } finally {
    await new Promise((done) => newer.close(done));
  }
});

/** A proxy that leads nowhere, and the first lines that it was asked with. */
async function refusingProxy() {
  const asked: string[] = [];
  const proxy = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes) => {
      asked.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return { asked, url, close: () => new Promise((done) => proxy.close(done)) };
}

it('goes for each wish by the proxy of its own terminal, and leaves the environment as it is', async () => {
  const before = proxyNames.map((name) => process.env[name]);
  const [one, other] = await Promise.all([refusingProxy(), refusingProxy()]);
  const server = new URL('https://sallyport.invalid');
  const direct = new URL('https://direct.invalid');
  for (const each of [server, direct])
    await saveSignIn(world, each, { token: 'sp_0123456789abcdef', email: 'engineer@example.com' });
  const [ended] = await serving(hour);
  const opened = async (name: string, settings: Record<string, string>) =>
    expect(
      askProcess(
        world,
        daemonSocketPath(world),
        { ask: 'open', wish: { ...aWish, name, settings: { TUNNEL_SERVER: server.origin, ...settings } } },
        { withinMs: null },
      ),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(PROXY_REFUSED|SERVER_UNREACHABLE)$/) as string,
    });
  try {
    await Promise.all([
      opened('prod-rds', { HTTPS_PROXY: one.url }),
      opened('prod-web', { HTTPS_PROXY: other.url }),
    ]);
    expect([one.asked[0], other.asked[0]]).toEqual(Array(2).fill('CONNECT sallyport.invalid:443 HTTP/1.1'));
    // A terminal that names none is not led through a proxy of another.
    await opened('prod-eks', { TUNNEL_SERVER: direct.origin });
    expect([...one.asked, ...other.asked].filter((line) => line.includes(direct.host))).toEqual([]);
    expect(proxyNames.map((name) => process.env[name])).toEqual(before);
  } finally {
    await ask({ ask: 'shutdown' });
    await ended;
    await Promise.all([one.close(), other.close()]);
  }
});

describe('a wish', () => {
  it('carries the settings of its terminal and nothing else of the environment', () => {
    const env = {
      TUNNEL_SERVER: 'https://x',
      HTTPS_PROXY: 'http://p',
      PGPASSWORD: 'secret',
      AWS_SECRET_ACCESS_KEY: 's',
    };
    expect(settingsOf(env)).toEqual({ TUNNEL_SERVER: 'https://x', HTTPS_PROXY: 'http://p' });
  });

  it('is read back as it was written', () => {
    expect(readWish({ ask: 'open', wish: JSON.parse(JSON.stringify(aWish)) as unknown })).toEqual(aWish);
  });

  it.each([
    ['no name', { name: '' }],
    ['a port that is none', { port: 70_000 }],
    ['a place that is no text', { bind: 7 }],
    ['a setting that is not one', { settings: { LD_PRELOAD: '/tmp/x.so' } }],
    ['settings that are none', { settings: null }],
  ])('is refused with %s', (_, wrong) => {
    expect(() => readWish({ ask: 'open', wish: { ...aWish, ...wrong } })).toThrowError(
      expect.objectContaining({ code: 'DAEMON_WISH_INVALID' }) as Error,
    );
  });
});

describe('its log', () => {
  it('is for its owner alone and stays within its bound', async () => {
    const home = await mkdtemp(join(tmpdir(), 'log-'));
    const own = { ...world, home, env: {} };
    const bounded = await LogFile.open(own, 1_000);
    for (let i = 0; i < 100; i++) bounded.note('happened', { i, text: 'line\nbreak\u001b[31m' });
    const path = logFilePath(own);
    for (const file of [path, `${path}.1`]) {
      const found = await stat(file);
      expect([found.mode & 0o777, found.size <= 1_000]).toEqual([0o600, true]);
    }
    expect((await readFile(path, 'utf8')).trimEnd().split('\n').at(-1)).toMatch(
      /happened i=99 text=line break$/u,
    );
    await rm(home, { recursive: true });
  });
});
