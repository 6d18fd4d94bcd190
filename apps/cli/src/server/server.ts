import { createApi, type Api } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';
import { wayTo, type Ask } from './way-to-server.ts';

/** The control plane as this person reaches it. */
export interface Server {
  readonly address: URL;
  readonly api: Api;
  /** Headers that prove who asks; for the live channel, whose upgrade `api` does not make. Secret. */
  readonly credentials: Readonly<Record<string, string>>;
  /** The variables of the terminal that this serves: they name the proxies, also those on the way to AWS. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Address of a path under /api. */
  url(path: string): URL;
  /** Sends or fetches bytes, which `api` does not: the answer as it came, within so long. SERVER_UNREACHABLE when none comes. */
  bytes(asked: BytesAsked): Promise<Response>;
}

export interface BytesAsked {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Under /api. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly type?: string;
  readonly withinMs: number;
}

export interface ServerOptions {
  readonly address: URL;
  readonly token: string | undefined;
  readonly version: string;
  readonly debug: Debug;
  /** Default: the variables of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const answerWithinMs = 20_000;

export function serverAt({ address, token, version, debug, env = process.env }: ServerOptions): Server {
  const base = address.href.replace(/\/$/u, '');
  let way: Promise<Ask> | undefined;
  const fetchAnswer = async (request: Request, withinMs = answerWithinMs): Promise<Response> => {
    const { method } = request;
    const path = new URL(request.url).pathname;
    try {
      // A redirect could lead the token to another server, so none is followed.
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(withinMs)]);
      const ask = await (way ??= wayTo(address, env));
      const response = await ask(request, { signal });
      debug('http', { method, path, status: response.status });
      return response;
    } catch (cause) {
      if (request.signal.aborted) throw request.signal.reason;
      debug('http', { method, path, outcome: 'unreachable' });
      if (cause instanceof Problem) throw cause;
      throw new Problem('SERVER_UNREACHABLE', { detail: `${address.origin} does not answer.`, cause });
    }
  };
  const agent = { 'user-agent': `tunnel/${version}` };
  const credentials: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const url = (path: string) => new URL(`${base}/api${path}`);
  return {
    address,
    api: createApi({
      baseUrl: base,
      ...(token === undefined ? {} : { token }),
      fetch: (request) => fetchAnswer(request),
      headers: agent,
    }),
    env,
    credentials,
    url,
    bytes: ({ method, path, body, type, withinMs }) =>
      fetchAnswer(
        new Request(url(path), {
          ...{ method, headers: { ...agent, ...credentials, ...(type && { 'content-type': type }) } },
          ...(body && { body }),
        }),
        withinMs,
      ),
  };
}
