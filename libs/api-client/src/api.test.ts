import { expect, it } from 'vitest';
import { Problem, toDocument } from '@sallyport/problems';
import { ApiProblem, createApi } from './index.ts';

function answering(answer: () => Response | Promise<Response>) {
  const requests: Request[] = [];
  const api = createApi({
    baseUrl: 'http://api.test',
    token: 'secret',
    fetch: async (request) => {
      requests.push(request);
      return answer();
    },
  });
  return { api, requests };
}

it('gives the answer and sends the token in its header', async () => {
  const { api, requests } = answering(() => Response.json({ items: [] }));
  await expect(api.listGrants({ view: 'mine', state: 'active' })).resolves.toEqual({ items: [] });
  expect(requests[0]?.url).toBe('http://api.test/api/grants?view=mine&state=active');
  expect(requests[0]?.headers.get('authorization')).toBe('Bearer secret');
});

it('throws what the control plane refuses, with its code, kind and exit code', async () => {
  const document = toDocument(new Problem('TOKEN_SCOPE_MISSING'), 'rid_1');
  const { api } = answering(() => Response.json(document, { status: 403 }));
  const refusal = await api.issueLease('grt_1').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiProblem);
  expect(refusal).toMatchObject({
    code: 'TOKEN_SCOPE_MISSING',
    kind: 'refused',
    exitCode: 5,
    instance: 'rid_1',
  });
});

it('says that nothing answers when the connection fails', async () => {
  const { api } = answering(() => Promise.reject(new TypeError('fetch failed')));
  await expect(api.readMe()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});

it('says that nothing answers when an answer begins and never ends', async () => {
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const body = () => new ReadableStream({ start: (controller) => controller.error(late) });
  const { api } = answering(() => new Response(body(), { headers: { 'content-type': 'application/json' } }));
  await expect(api.readMe()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});

it.each([
  ['a page', () => new Response('<html>', { status: 200, headers: { 'content-type': 'text/html' } })],
  ['a failing proxy', () => new Response('bad gateway', { status: 502 })],
])('does not take %s for the control plane', async (_, answer) => {
  await expect(answering(answer).api.readMe()).rejects.toMatchObject({ code: 'SERVER_ANSWER_UNREADABLE' });
});

it('is content with an empty answer where nothing is to be told', async () => {
  const { api } = answering(() => new Response(null, { status: 204 }));
  await expect(api.signOut()).resolves.toBeUndefined();
});
