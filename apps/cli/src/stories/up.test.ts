import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Problem } from '@sallyport/problems';
import { keepEntry } from '../local/tunnel-registry.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aGrant, ApiDouble, aRequest, aResource, token } from '../../test/api-double.ts';
import { Person } from '../../test/world-double.ts';
import { daemonSocketPath } from '../daemon/single-instance.ts';
import { listenForControl } from '../local/control-socket.ts';

let api: ApiDouble;
let person: Person;
let folder: string;

beforeEach(async () => {
  api = await ApiDouble.start();
  person = await Person.at(api.url);
  folder = await mkdtemp(join(tmpdir(), 'up-'));
  person.stdin = `${token}\n`;
  await person.types('login', '--token-stdin');
  person.stdin = '';
  for (const name of ['a', 'b']) api.on(`GET /resources/${name}`, { body: aResource({ name }) });
  api.on('GET /grants', { body: { items: [] } });
  api.on('GET /access-requests', { body: { items: [] } });
  api.on(`GET /access-requests/${aRequest().id}`, { body: aRequest() });
  api.on('POST /access-requests', { status: 201, body: aRequest() });
});
afterEach(async () => {
  await api.stop();
  await person.leave();
  await rm(folder, { recursive: true, force: true });
});

const opened = {
  ...{ id: 'ses_1', state: 'open', grantId: aGrant().id, host: '127.0.0.1', port: 15_432 },
  ...{ url: 'tcp://127.0.0.1:15432', endsAt: '2030-01-01T00:00:00.000Z', pid: 1, network: null },
};
const posted = () => api.asked.filter(({ method }) => method === 'POST').map(({ body }) => body);
async function up(text: string, ...flags: string[]) {
  const file = join(folder, 'tunnels.yaml');
  await writeFile(file, text);
  return person.types('up', '-f', file, '--no-wait', ...flags);
}

describe('tunnel up without grants', () => {
  it('asks for all of them in one request, for no longer than any of them and with every reason', async () => {
    const { code } = await up(
      '- {name: a, for: 1h, reason: one, ticket: T-1}\n- {name: b, for: 30m, reason: two}\n',
    );
    expect(code).toBe(8);
    expect(posted()).toEqual([
      { resources: ['a', 'b'], durationSeconds: 1800, reason: 'one; two', ticket: 'T-1' },
    ]);
  });

  it('lets the command line win over the file', async () => {
    await up('- {name: a, for: 1h, reason: one}\n', '--for', '2h', '--reason', 'mine');
    expect(posted()).toMatchObject([{ durationSeconds: 7200, reason: 'mine' }]);
  });

  it('asks one by one where nobody may answer for all, each with its own words', async () => {
    const refused = {
      code: 'REQUEST_WITHOUT_COMMON_REVIEWER',
      kind: 'invalid',
      title: 'Nobody.',
      detail: 'Nobody.',
    };
    api.on('POST /access-requests', ({ body }) =>
      (body as { resources: string[] }).resources.length > 1
        ? { status: 422, body: refused }
        : { status: 201, body: aRequest() },
    );
    const both = ['a', 'b'].map((name) => ({
      id: 'itm_1',
      state: 'pending',
      resource: { name },
      grantId: null,
    }));
    let asked = 0;
    // Both wait once both were asked for.
    api.on('GET /access-requests', () => ({
      body: { items: asked++ < 2 ? [] : [aRequest({ items: both })] },
    }));
    expect((await up('- {name: a, for: 1h, reason: one}\n- {name: b, reason: two}\n')).code).toBe(8);
    expect(posted().slice(1)).toMatchObject([
      { resources: ['a'], durationSeconds: 3600, reason: 'one' },
      { resources: ['b'], reason: 'two' },
    ]);
  });

  it('asks for nothing when the file is wrong or binds too widely', async () => {
    expect((await up('- {name: a, prot: 1}\n')).code).toBe(2);
    const { code, err } = await up('- {name: a, bind: 0.0.0.0}\n');
    expect(code).toBe(2);
    expect(err).toContain('allow it with --allow-bind (BIND_NOT_CONFIRMED)');
    expect(posted()).toEqual([]);
    expect((await up('- {name: a, bind: 0.0.0.0, reason: x}\n', '--allow-bind')).code).toBe(8);
    expect(posted()).toHaveLength(1);
  });

  it('asks about a wide bind where somebody can answer', async () => {
    person.stdin = undefined;
    person.terminal = true;
    person.answers = ['no'];
    expect((await up('- {name: a, bind: 0.0.0.0, for: 1h, reason: x}\n')).code).toBe(2);
    person.answers = ['yes'];
    expect((await up('- {name: a, bind: 0.0.0.0, for: 1h, reason: x}\n')).code).toBe(8);
  });
});

describe('tunnel up --json', () => {
  it('tells in one object what was opened and what was not, and exits by the first problem', async () => {
    const grants = ['a', 'b'].map((name) => ({ ...aGrant(), resource: { ...aGrant().resource, name } }));
    api.on('GET /grants', { body: { items: grants } });
    const world = person.world();
    const background = await listenForControl(world, daemonSocketPath(world), async (ask) => {
      if (ask.ask === 'daemon') return { pid: 1, version: world.version, tunnels: 0 };
      const { name } = ask['wish'] as { name: string };
      if (name === 'b') throw new Problem('LOCAL_PORT_TAKEN');
      return { ...opened, name };
    });
    try {
      const { code, out } = await up('- {name: a}\n- {name: b, port: 7}\n', '--json');
      expect(code).toBe(11);
      expect(out.trimEnd().split('\n')).toHaveLength(1);
      expect(JSON.parse(out)).toMatchObject({
        items: [{ name: 'a', change: 'opened' }],
        error: { code: 'LOCAL_PORT_TAKEN' },
      });
    } finally {
      await background.close();
    }
  });
});

describe('a tunnel that the file has moved', () => {
  /** Runs `up` with `a` open from that file at another port, and tells what the background process was asked. */
  async function moved(
    port: number,
    source: (file: string) => string,
  ): Promise<{ asks: string[]; out: string }> {
    api.on('GET /grants', {
      body: { items: [{ ...aGrant(), resource: { ...aGrant().resource, name: 'a' } }] },
    });
    const world = person.world();
    const asks: string[] = [];
    const place = { host: '127.0.0.1', port: 15_000, url: 'tcp://127.0.0.1:15000', endsAt: opened.endsAt };
    const socket = join(folder, '1.sock');
    let open = true;
    const tunnel = await listenForControl(world, socket, async ({ ask }) => {
      asks.push(ask);
      if (ask === 'stop') open = false;
      return { state: open ? 'open' : 'closed', health: 'good', endsAt: place.endsAt };
    });
    const entry = {
      ...{ version: 2 as const, pid: process.pid, processStart: null, name: 'a', grantId: opened.grantId },
      ...{ server: api.url, sessionId: 'ses_1', ssmSessionIds: [], place, startedAt: opened.endsAt, socket },
      ...{ background: true, source: source(join(folder, 'tunnels.yaml')) },
    } as const;
    await keepEntry(world, entry);
    const background = await listenForControl(world, daemonSocketPath(world), async (ask) => {
      asks.push(ask.ask);
      if (ask.ask === 'daemon') return { pid: 1, version: world.version, tunnels: 1 };
      return { ...opened, name: 'a', port };
    });
    try {
      const { out } = await up(`- {name: a, port: ${port}}\n`, '--json');
      return { asks: asks.filter((ask) => ask === 'stop' || ask === 'open'), out };
    } finally {
      await background.close();
      await tunnel.close();
    }
  }

  it('is moved there', async () => {
    const { asks, out } = await moved(await freePort(), (file) => file);
    expect(asks).toEqual(['stop', 'open']);
    expect(JSON.parse(out)).toMatchObject({ items: [{ name: 'a', change: 'moved' }] });
  });

  it('stays where it is while another program has that port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { asks, out } = await moved((other.address() as AddressInfo).port, (file) => file);
      expect(asks).toEqual([]);
      expect(JSON.parse(out)).toMatchObject({ items: [{ name: 'a', change: 'unchanged' }] });
    } finally {
      other.close();
    }
  });

  it('stays where it is when somebody opened it by hand', async () => {
    expect((await moved(await freePort(), () => '/elsewhere.yaml')).asks).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

it('gives up the rest of the file too when Ctrl-C comes while one is being opened', async () => {
  const grants = ['a', 'b'].map((name) => ({ ...aGrant(), resource: { ...aGrant().resource, name } }));
  api.on('GET /grants', { body: { items: grants } });
  const world = person.world();
  const opened: string[] = [];
  const background = await listenForControl(world, daemonSocketPath(world), async (ask, { gone }) => {
    if (ask.ask === 'daemon') return { pid: 1, version: world.version, tunnels: 0 };
    opened.push((ask['wish'] as { name: string }).name);
    person.signal('SIGINT');
    await new Promise((leave) => gone.addEventListener('abort', leave, { once: true }));
    return {};
  });
  try {
    expect((await up('- {name: a}\n- {name: b}\n')).code).toBe(130);
    expect(opened).toEqual(['a']);
  } finally {
    await background.close();
  }
});
