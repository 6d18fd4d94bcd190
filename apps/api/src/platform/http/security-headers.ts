import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Configuration } from '../../configuration.ts';
import { inlineHashesBelow } from './script-hashes.ts';

/** Middleware with the headers of every answer; the hashes of the dashboard's pages are taken once, at start. */
export async function securityHeaders(webRoot: string, configuration: Configuration) {
  const { scripts, styles } = await inlineHashesBelow(webRoot);
  const secure = configuration.publicUrl?.startsWith('https://') === true;
  const guard = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", ...scripts],
        styleSrc: ["'self'", ...styles],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  return (request: Request, response: Response, next: NextFunction): void => {
    // Everything of the API is somebody's; the site sets its own caching.
    if (request.path.startsWith('/api')) response.setHeader('Cache-Control', 'no-store');
    guard(request, response, next as (error?: unknown) => void);
  };
}
