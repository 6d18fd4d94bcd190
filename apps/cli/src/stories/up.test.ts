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
