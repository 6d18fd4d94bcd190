import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** Sources for `script-src`: the inline scripts of every exported page, by hash. */
export function inlineScriptHashes(root: string): string[] {
  const pages = readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.html'));
  const bodies = pages.flatMap((name) =>
    [
      ...readFileSync(join(root, name), 'utf8').matchAll(
        /<script\b(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g,
      ),
    ].map((match) => match[1] ?? ''),
  );
  const hashes = bodies
    .filter((body) => body !== '')
    .map((body) => `'sha256-${createHash('sha256').update(body).digest('base64')}'`);
  return [...new Set(hashes)].sort();
}

/** The policy under which the API serves the dashboard: nothing inline but the exported scripts, no styles inline. */
export function contentSecurityPolicy(root: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${inlineScriptHashes(root).join(' ')}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** Serves a file of the export: `/inbox` is `inbox.html`, what is not there is `404.html`. */
export function serveSite(root: string, csp: string, pathname: string, response: ServerResponse): void {
  const inside = normalize(decodeURIComponent(pathname)).replace(/^(\.\.[/\\])+/, '');
  const wanted = inside === '/' ? ['/index.html'] : [inside, `${inside}.html`];
  const isFile = (path: string) => existsSync(path) && statSync(path).isFile();
  const found = wanted.map((name) => join(root, name)).find(isFile);
  const file = found ?? join(root, '404.html');
  response.writeHead(found ? 200 : 404, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': csp,
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  });
  response.end(readFileSync(file));
}
