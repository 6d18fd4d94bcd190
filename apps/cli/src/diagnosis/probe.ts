import type { IncomingMessage } from 'node:http';
import { Problem } from '@sallyport/problems';
import { isLoopback } from '../settings/server-address.ts';

/** What a host answered to a plain GET. */
export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The server's clock, milliseconds since 1970; undefined when it tells none. */
  readonly serverTime: number | undefined;
  readonly body: string;
  /** The proxy it went through (host and port); undefined when none. */
  readonly proxy: string | undefined;
}

/** How far a connection came. */
type Stage = 'name' | 'connection' | 'encryption' | 'answer';

const answerWithinMs = 10_000;
const bodyBytesMax = 16 * 1024;

const nameErrors = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_FAIL']);

/**
 * One GET, told apart by how far it came: NETWORK_NAME_UNRESOLVED, NETWORK_CONNECTION_REFUSED, NETWORK_TLS_REFUSED, the proxy's own PROXY_REFUSED and PROXY_UNREACHABLE, and
 * NETWORK_HTTPS_BLOCKED when the connection was made and nothing came back. Any HTTP status is an answer.
 */
export async function probe(url: URL): Promise<ProbeAnswer> {
  const [{ request: plain }, { request: encrypted }, { agentThrough, proxiesOfEnvironment }] =
    await Promise.all([import('node:http'), import('node:https'), import('@sallyport/connect/proxy')]);
  const proxy = isLoopback(url.hostname) ? undefined : proxiesOfEnvironment(url);
  const agent = proxy ? await agentThrough(proxiesOfEnvironment, url) : undefined;
  const ask = url.protocol === 'https:' ? encrypted : plain;
  return new Promise((resolve, reject) => {
    let stage: Stage = /^[\d.]+$|^\[/u.test(url.hostname) || proxy ? 'connection' : 'name';
    const request = ask(url, { agent: agent ?? false, headers: { accept: '*/*' }, timeout: answerWithinMs });
    request.on('socket', (socket) => {
      socket.once('lookup', (error: Error | null) => error ?? (stage = 'connection'));
      socket.once('connect', () => (stage = url.protocol === 'https:' ? 'encryption' : 'answer'));
      socket.once('secureConnect', () => (stage = 'answer'));
      // Through a proxy the socket comes ready made.
      if (proxy) stage = 'answer';
    });
    request.once('timeout', () => request.destroy(new Error('timeout')));
    request.once('error', (cause: NodeJS.ErrnoException) => reject(problemAt(stage, url, cause)));
    request.once('response', (response) => {
      gather(response).then(
        ({ body, ...answer }) => resolve({ ...answer, body, proxy: proxy?.host }),
        (cause: NodeJS.ErrnoException) => reject(problemAt('answer', url, cause)),
      );
    });
    request.end();
  });
}

function problemAt(stage: Stage, { host, hostname }: URL, cause: NodeJS.ErrnoException): Problem {
  if (cause instanceof Problem) return cause;
  const code = cause.code ?? cause.message;
  if (stage === 'name' || nameErrors.has(code))
    return new Problem('NETWORK_NAME_UNRESOLVED', {
      detail: `${hostname} does not resolve (${code}).`,
      cause,
    });
  if (stage === 'connection')
    return new Problem('NETWORK_CONNECTION_REFUSED', {
      detail: `${host} takes no connection (${code}).`,
      cause,
    });
  if (stage === 'encryption')
    return new Problem('NETWORK_TLS_REFUSED', { detail: `TLS with ${host} failed (${code}).`, cause });
  return new Problem('NETWORK_HTTPS_BLOCKED', {
    detail: `${host} took the connection and gave no answer (${code}).`,
    cause,
  });
}

async function gather(response: IncomingMessage): Promise<Omit<ProbeAnswer, 'proxy'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyBytesMax) break;
  }
  const date = Date.parse(response.headers.date ?? '');
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    serverTime: Number.isNaN(date) ? undefined : date,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
