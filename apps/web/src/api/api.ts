import { createApi, type Api } from '@sallyport/api-client';
import { noteServerTime } from '../clock/server-clock.ts';
import { parsePlainJson } from './plain-text.ts';

/** The answer with every string in its JSON made plain text. Bodies that are no JSON pass for the client to refuse. */
async function plainAnswer(request: Request): Promise<Response> {
  const answer = await fetch(request);
  if (answer.body === null || !/\bjson\b/.test(answer.headers.get('content-type') ?? '')) return answer;
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  headers.delete('content-length');
  const text = await answer.text();
  let plain = text;
  try {
    plain = JSON.stringify(parsePlainJson(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new Response(plain, { status, statusText, headers });
}

/** The API on the page's own origin; the browser adds cookie and Origin. */
export const api: Api = createApi({
  baseUrl: '',
  fetch: plainAnswer,
  // Said on commands without a body too: the API takes nothing else from a page.
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  onAnswer: (answer) => noteServerTime(answer.headers.get('date')),
});
