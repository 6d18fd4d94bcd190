import { Problem } from '@sallyport/problems';

interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whether a page at `headers.origin` is our own. With a public address only that one is; without it the page must
 * come from the very host and port it speaks to, and that host must be this machine (a name that somebody else's
 * DNS points here is not).
 */
export function isOwnOrigin(headers: OriginHeaders, publicUrl: string | undefined): boolean {
  if (headers.origin === undefined || !URL.canParse(headers.origin)) return false;
  const origin = new URL(headers.origin);
  if (publicUrl !== undefined) return origin.origin === new URL(publicUrl).origin;
  return origin.protocol === 'http:' && origin.host === headers.host && loopbackNames.has(origin.hostname);
}

/** Refuses with ORIGIN_FOREIGN a request that a foreign page made with our cookie. */
export function demandOwnOrigin(headers: OriginHeaders, publicUrl: string | undefined): void {
  const site = headers['sec-fetch-site'];
  if (!isOwnOrigin(headers, publicUrl) || (site !== undefined && site !== 'same-origin'))
    throw new Problem('ORIGIN_FOREIGN');
}
