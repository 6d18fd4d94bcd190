import { isProblemDocument, Problem, type ProblemDocument } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';

/** A problem that the control plane answered with; `code` may be newer than this version. */
export class ServerProblem extends Error {
  readonly document: ProblemDocument;
  constructor(document: ProblemDocument) {
    super(document.detail ?? document.title);
    this.name = 'ServerProblem';
    this.document = document;
  }
  get code(): string {
    return this.document.code;
  }
}

export type Query = Readonly<Record<string, string | readonly string[] | number | undefined>>;

export interface ServerOptions {
  readonly address: URL;
  readonly token: string | undefined;
  readonly version: string;
  readonly debug: Debug;
  readonly fetch?: typeof fetch;
}

/** An answer larger than this is not one of ours. */
const answerBytesMax = 8 * 1024 * 1024;
const answerWithinMs = 20_000;

/** Speaks HTTP with the control plane: JSON in, JSON out, problems thrown. */
export class Server {
  readonly address: URL;
  readonly #token: string | undefined;
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.address = options.address;
    this.#token = options.token;
    this.#options = options;
  }

  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.#call<T>('GET', path, { query, signal });
  }
  post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this.#call<T>('POST', path, { body, signal });
  }
  delete(path: string): Promise<void> {
    return this.#call<void>('DELETE', path, {});
  }

  /** Headers that prove who asks; for the live channel, whose upgrade is not made here. */
  get credentials(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /** Address of a path under /api. */
  url(path: string, query: Query = {}): URL {
    const url = new URL(this.address);
    url.pathname = `${this.address.pathname.replace(/\/$/u, '')}/api${path}`;
    for (const [name, value] of Object.entries(query))
      for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, String(one));
    return url;
  }

  async #call<T>(
    method: string,
    path: string,
    { query, body, signal }: { query?: Query; body?: object; signal?: AbortSignal },
  ): Promise<T> {
    const { debug } = this.#options;
    let response: Response;
    let text: string;
    try {
      const timeout = AbortSignal.timeout(answerWithinMs);
      response = await (this.#options.fetch ?? fetch)(this.url(path, query), {
        method,
        // A redirect could lead the token to another server.
        redirect: 'manual',
        headers: {
          accept: 'application/json, application/problem+json',
          'user-agent': `tunnel/${this.#options.version}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...this.credentials,
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      text = await readBounded(response);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof Problem) throw cause;
      debug('http', { method, path, outcome: 'unreachable' });
      throw new Problem('SERVER_UNREACHABLE', { detail: `${this.address.origin} does not answer.`, cause });
    }
    debug('http', { method, path, status: response.status });
    return this.#read<T>(response, text);
  }

  #read<T>(response: Response, text: string): T {
    if (response.status === 204) return undefined as T;
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw new Problem('SERVER_ANSWER_UNKNOWN', {
        detail: `${this.address.origin} answered ${response.status} without JSON; is it Sallyport?`,
        cause,
      });
    }
    if (response.ok) return answer as T;
    if (isProblemDocument(answer)) {
      if (answer.kind === 'unauthenticated' && this.#token === undefined) throw new Problem('TOKEN_MISSING');
      throw new ServerProblem(answer);
    }
    throw new Problem('SERVER_ANSWER_UNKNOWN', {
      detail: `${this.address.origin} answered ${response.status}.`,
    });
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax)
      throw new Problem('SERVER_ANSWER_UNKNOWN', { detail: 'The answer is too large.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
