import type { IncomingMessage } from 'node:http';
import type { SignedRequest } from '../authorise/signature.ts';

/** The parts of an HTTP request that a signature covers. */
export function signedRequestOf(request: IncomingMessage, body: Uint8Array): SignedRequest {
  const url = request.url ?? '/';
  const cut = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: cut < 0 ? url : url.slice(0, cut),
    query: new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1)),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(',') : (value ?? ''),
      ]),
    ),
    body,
  };
}

/** Where a request came from, as the trail shows it. */
export function sourceOf(request: IncomingMessage): { sourceIp: string; userAgent: string } {
  return {
    sourceIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 1024),
  };
}
