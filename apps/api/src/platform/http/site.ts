import { existsSync, readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

const yearSeconds = 31_536_000;

/**
 * Serves the exported dashboard: `/inbox` is `inbox.html`, files below `_next/static` carry their hash in the name and
 * are kept for a year, everything else is asked for again. What is not there is the site's own 404 page.
 */
export function serveSite(app: NestExpressApplication, webRoot: string): void {
  // The export also has folders of the pages' names, which the static files would find before the pages.
  const pages = pagesOf(webRoot);
  app.use((request: Request, _response: Response, next: NextFunction) => {
    if (pages.has(request.path)) request.url = request.url.replace(request.path, `${request.path}.html`);
    next();
  });
  const assets = `${sep}_next${sep}static${sep}`;
  app.useStaticAssets(webRoot, {
    extensions: ['html'],
    redirect: false,
    index: ['index.html'],
    dotfiles: 'ignore',
    setHeaders: (response: ServerResponse, path: string) =>
      void response.setHeader(
        'Cache-Control',
        path.includes(assets) ? `public, max-age=${yearSeconds}, immutable` : 'no-cache',
      ),
  });
  const missing = join(webRoot, '404.html');
  if (!existsSync(missing)) return;
  app.use((request: Request, response: Response, next: NextFunction) => {
    const page = request.method === 'GET' || request.method === 'HEAD';
    if (!page || request.path === '/api' || request.path.startsWith('/api/')) return next();
    response.status(404).setHeader('Cache-Control', 'no-cache').sendFile(missing);
  });
}

/** Paths of the pages at the top of the export, such as `/inbox`. */
function pagesOf(webRoot: string): ReadonlySet<string> {
  if (!existsSync(webRoot)) return new Set();
  const names = readdirSync(webRoot).filter((name) => name.endsWith('.html') && name !== 'index.html');
  return new Set(names.map((name) => `/${name.slice(0, -'.html'.length)}`));
}
