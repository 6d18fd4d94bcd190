import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import WebSocket from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Laptop } from './harness/tunnel.ts';

/** Bad input gets one clear problem with a code and the documented exit code, and leaves nothing half done. */
let product: Product;
let laptop: Laptop;
beforeAll(async () => {
  product = await Product.start();
  laptop = await Laptop.signedIn(product, 'engineer');
});
afterAll(async () => {
  await laptop.remove();
  await product.remove();
});

const openRequests = async () =>
  (
    (await product.as('engineer').get('/access-requests?view=mine&state=pending')).body as {
      items: unknown[];
    }
  ).items.length;

describe('the command line', () => {
  it.each([
    ['an unknown resource', ['show', 'prod-rdss'], 6, 'RESOURCE_UNKNOWN', 'prod-rds'],
    ['an unknown command', ['conect', 'prod-rds'], 2, 'COMMAND_UNKNOWN', 'connect'],
    [
      'a bad duration',
      ['request', 'prod-rds', '--for', 'soon', '--reason', 'x', '--no-wait'],
      2,
      'DURATION_INVALID',
      '30m',
    ],
    [
      'a duration beyond the policy',
      ['request', 'prod-rds', '--for', '12h', '--reason', 'x', '--no-wait'],
      2,
      'REQUEST_DURATION_TOO_LONG',
      '',
    ],
    [
      'an over-long reason',
      ['request', 'prod-rds', '--for', '1h', '--reason', 'x'.repeat(501), '--no-wait'],
      2,
      'REASON_TOO_LONG',
      '500',
    ],
    ['a missing reason without a terminal', ['connect', 'prod-rds'], 2, 'REASON_REQUIRED', '--reason'],
    ['an unknown request', ['approve', 'req_01JZ8Q4T7M3N5P6R8S9V0W1X2Y'], 6, 'REQUEST_UNKNOWN', ''],
    [
      'an unknown grant',
      ['revoke', 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y', '--reason', 'x'],
      6,
      'GRANT_UNKNOWN',
      '',
    ],
  ])('answers %s', async (_what, args, code, problem, hint) => {
    const before = await openRequests();
    const run = laptop.tunnel(args);
    expect(await run.code, run.stderr).toBe(code);
    expect(run.stderr).toContain(problem);
    expect(run.stderr).toContain(hint);
    expect(run.stdout).toBe('');
    expect(await openRequests()).toBe(before);
  });

  it('asks to sign in first', async () => {
    const fresh = new Laptop(product);
    const run = fresh.tunnel(['ls']);
    expect(await run.code).toBe(4);
    expect(run.stderr).toContain('tunnel login');
    await fresh.remove();
  });

  it('tells of a grant that is missing with 8, under --no-wait', async () => {
    const run = laptop.tunnel(['connect', 'prod-rds', '--no-wait', '--reason', 'look', '--for', '10m']);
    expect(await run.code).toBe(8);
    const mine = (await product.as('engineer').get('/access-requests?view=mine&state=pending')).body as {
      items: { id: string }[];
    };
    for (const { id } of mine.items) await product.as('engineer').post(`/access-requests/${id}/cancel`);
  });

  it('refuses a taken local port before any session is opened', async () => {
    const grantId = await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const before = product.cloudTrail().filter(({ eventName }) => eventName === 'StartSession').length;
    const run = laptop.tunnel(['connect', 'prod-rds', '--port', String(port), '--', 'true']);
    expect({ code: await run.code, said: run.stderr }).toMatchObject({
      code: 11,
      said: expect.stringContaining('PORT_TAKEN') as unknown,
    });
    expect(product.cloudTrail().filter(({ eventName }) => eventName === 'StartSession')).toHaveLength(before);
    server.close();
    await product.as('engineer').post(`/grants/${grantId}/return`);
  });

  it('names a wrong clock of this machine', async () => {
    const grantId = await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds');
    const ahead = await Laptop.signedIn(product, 'engineer', { NODE_OPTIONS: clockAhead(3600) });
    const run = ahead.tunnel(['connect', 'prod-rds', '--', 'true']);
    expect(await run.code, run.stderr).toBe(11);
    expect(run.stderr).toContain('LOCAL_CLOCK_WRONG');
    await ahead.remove();
    await product.as('engineer').post(`/grants/${grantId}/return`);
  });

  it('names a wrong clock of the control plane, and issues nothing', async () => {
    const grantId = await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds');
    await product.sandbox.advanceClock(3600);
    try {
      const run = laptop.tunnel(['connect', 'prod-rds', '--', 'true']);
      expect(await run.code, run.stderr).toBe(10);
      expect(run.stderr).toContain('AWS_CLOCK_DIFFERS');
    } finally {
      await product.sandbox.resetClock();
      await product.as('engineer').post(`/grants/${grantId}/return`);
    }
  });

  it('names a server that does not answer', async () => {
    const door = createServer((inside) => {
      const outside = connect(Number(new URL(product.apiUrl).port), '127.0.0.1');
      inside.pipe(outside).pipe(inside);
      for (const socket of [inside, outside]) socket.on('error', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(door, 'listening');
    const { port } = door.address() as { port: number };
    const away = await Laptop.signedIn(product, 'engineer', { TUNNEL_SERVER: `http://127.0.0.1:${port}` });
    door.close();
    await once(door, 'close');
    const run = away.tunnel(['ls']);
    expect(await run.code, run.stderr).toBe(10);
    expect(run.stderr).toContain('SERVER_UNREACHABLE');
    await away.remove();
  });
});

/** Node's switch that makes a process believe its clock is that much ahead. */
function clockAhead(seconds: number): string {
  const script = `const D=Date,ms=${seconds * 1000};globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(D.now()+ms)}static now(){return D.now()+ms}}`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

describe('the API', () => {
  const raw = (path: string, init: RequestInit) =>
    fetch(`${product.apiUrl}/api${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${product.as('engineer').account.token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });

  it.each([
    ['malformed JSON', '/access-requests', { method: 'POST', body: '{"resources":' }, 400, 'JSON_MALFORMED'],
    ['a missing field', '/access-requests', { method: 'POST', body: '{}' }, 422, 'INPUT_INVALID'],
    [
      'an over-large body',
      '/access-requests',
      { method: 'POST', body: JSON.stringify({ reason: 'x'.repeat(100_000) }) },
      413,
      'BODY_TOO_LARGE',
    ],
    ['an unknown address', '/nothing', { method: 'GET' }, 404, 'ROUTE_UNKNOWN'],
    [
      'a wrong token',
      '/me',
      { method: 'GET', headers: { authorization: 'Bearer slp_nonsense' } },
      401,
      'TOKEN_INVALID',
    ],
  ])('answers %s with a problem', async (_what, path, init, status, code) => {
    const answer = await raw(path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ code, status });
  });

  it('lets no personal access token make another', async () => {
    const answer = await product
      .as('engineer')
      .post('/access-tokens', { name: 'x', scopes: ['read'], expiresInDays: 1 });
    expect(answer).toMatchObject({ status: 403, body: { code: 'TOKEN_CANNOT_MAKE_TOKENS' } });
  });

  it('refuses a live channel without a token, from a foreign page, and with hostile frames', async () => {
    const url = product.apiUrl.replace('http', 'ws') + '/api/live';
    const refused = async (headers: Record<string, string>) => {
      const socket = new WebSocket(url, { headers });
      socket.on('error', () => undefined);
      return new Promise<number>((resolve) => {
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        socket.once('close', (code) => resolve(code));
      });
    };
    expect([401, 403, 1008, 4401]).toContain(await refused({}));
    expect([401, 403, 1008, 4401, 4403]).toContain(await refused({ origin: 'https://evil.example' }));
    const headers = { authorization: `Bearer ${product.as('engineer').account.token}` };
    for (const frame of ['x'.repeat(1_000_000), '{"broken":', Buffer.alloc(64)]) {
      const socket = new WebSocket(url, { headers });
      socket.on('error', () => undefined);
      await once(socket, 'open');
      socket.send(frame);
      const [code] = (await once(socket, 'close')) as [number];
      expect([1002, 1003, 1007, 1008, 1009]).toContain(code);
    }
    expect((await product.as('engineer').get('/me')).status).toBe(200);
  });
});
