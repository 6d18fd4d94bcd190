import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aTestApi, type TestApi } from '../../testing/api.ts';
import { RouteTable } from './route-table.ts';
import { HttpRouteModule } from './http.module.ts';

let folder: string;
let api: TestApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-site-'));
  await mkdir(join(folder, '_next/static'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<script id="_R_">run()</script><style>a{}</style>home');
  await writeFile(join(folder, 'inbox.html'), '<script src="/x.js"></script>inbox');
  await writeFile(join(folder, '404.html'), 'not here');
  await writeFile(join(folder, '_next/static/a-1.js'), '1');
  api = await aTestApi({ configuration: { webRoot: folder } });
});
afterAll(async () => {
  await api?.stop();
  await rm(folder, { recursive: true, force: true });
});

const json = { 'content-type': 'application/json' };

describe('what is no use to anybody is refused in one form', () => {
  it.each([
    ['an unknown address', '/api/nothing', {}, 404, 'ROUTE_UNKNOWN'],
    ['an address that cannot be decoded', '/api/resources/%zz', {}, 404, 'ROUTE_UNKNOWN'],
    ['a wrong method', '/api/sign-in', {}, 405, 'METHOD_NOT_ALLOWED'],
    [
      'malformed JSON',
      '/api/sign-in',
      { method: 'POST', headers: json, body: '{"a":' },
      400,
      'JSON_MALFORMED',
    ],
    [
      'JSON that is no object',
      '/api/sign-in',
      { method: 'POST', headers: json, body: '7' },
      400,
      'JSON_MALFORMED',
    ],
    [
      'wrong fields',
      '/api/sign-in',
      { method: 'POST', headers: json, body: '{"email":3,"x":1}' },
      422,
      'INPUT_INVALID',
    ],
    ['no sign-in', '/api/me', {}, 401, 'SIGN_IN_REQUIRED'],
    ['a token of no form', '/api/me', { headers: { authorization: 'Basic eA==' } }, 401, 'TOKEN_INVALID'],
    ['a token nobody made', '/api/me', { headers: { authorization: 'Bearer slp_x' } }, 401, 'TOKEN_INVALID'],
  ])('%s', async (_, path, init, status, code) => {
    const answer = await fetch(api.url + path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ code, status, instance: answer.headers.get('x-request-id') });
  });

  it('a body of more than 64 KiB', async () => {
    const body = JSON.stringify({ email: 'x'.repeat(65_536) });
    const answer = await fetch(`${api.url}/api/sign-in`, { method: 'POST', headers: json, body });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('names the fields that are wrong', async () => {
    const answer = await fetch(`${api.url}/api/sign-in`, {
      method: 'POST',
      headers: json,
      body: '{"email":3,"x":1}',
    });
    const { errors } = (await answer.json()) as { errors: { field: string }[] };
    expect(new Set(errors.map(({ field }) => field))).toEqual(new Set(['email', 'password', 'x']));
  });

  it('a sign-in that another site makes', async () => {
    const headers = { ...json, origin: 'https://evil.example' };
    const body = JSON.stringify({ email: 'a@b.c', password: 'x' });
    const answer = await fetch(`${api.url}/api/sign-in`, { method: 'POST', headers, body });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'ORIGIN_FOREIGN' });
  });
});

describe('the site', () => {
  it.each([
    ['/', 200, 'home'],
    ['/inbox', 200, 'inbox'],
    ['/inbox?request=1', 200, 'inbox'],
    ['/nowhere', 404, 'not here'],
    ['/..%2f..%2fetc/passwd', 404, 'not here'],
  ])('%s', async (path, status, text) => {
    const answer = await fetch(api.url + path);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(text);
  });

  it('lets run only the scripts of its own pages', async () => {
    const policy = (await fetch(api.url)).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='(;|$)/);
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('keeps hashed files and asks again for pages', async () => {
    expect((await fetch(`${api.url}/_next/static/a-1.js`)).headers.get('cache-control')).toContain(
      'immutable',
    );
    expect((await fetch(`${api.url}/inbox`)).headers.get('cache-control')).toBe('no-cache');
    expect((await fetch(`${api.url}/api/me`)).headers.get('cache-control')).toBe('no-store');
  });
});

describe('what everybody may read', () => {
  it.each(['/api/health/live', '/api/health/ready', '/api/metrics', '/api/openapi.json'])(
    '%s',
    async (path) => {
      expect((await fetch(api.url + path)).status).toBe(200);
    },
  );
});

it('counts answers by route, never by address', async () => {
  await fetch(`${api.url}/api/grants/grt_1`);
  const metrics = await (await fetch(`${api.url}/api/metrics`)).text();
  expect(metrics).toContain(
    'sallyport_http_request_seconds_count{method="GET",route="/api/grants/:id",status="401"} 1',
  );
  expect(metrics).not.toContain('grt_1');
});

it('does not believe a request id that a caller brings', async () => {
  const answer = await fetch(`${api.url}/api/health/live`, { headers: { 'x-request-id': 'mine' } });
  expect(answer.headers.get('x-request-id')).toMatch(/^rid_[0-9A-Z]{26}$/);
});

it('keeps a connection for longer than load balancers do, so that no request meets its closing', async () => {
  const answer = await fetch(`${api.url}/api/health/live`);
  expect(answer.headers.get('keep-alive')).toBe('timeout=75');
});

it('answers a request whose target is no path', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = httpRequest(api.url, { path: '//', method: 'GET' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject).end();
  });
  expect(status).toBeLessThan(500);
});

it('does not start with a route that declares no access', async () => {
  @Controller('open')
  class OpenController {
    @Get() read() {
      return 'everything';
    }
  }
  @Module({ imports: [DiscoveryModule, HttpRouteModule], controllers: [OpenController] })
  class OpenModule {}
  const app = await NestFactory.create(OpenModule, { logger: false });
  expect(() => app.get(RouteTable).demandDeclarations()).toThrow('OpenController.read');
  await app.close();
});
