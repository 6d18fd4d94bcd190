import type { Actor } from './actor.ts';

/** Finds out who speaks. Implemented by the identity slice. */
export abstract class Authenticator {
  /** The actor of a browser's cookie value, or undefined when it is unknown, too old or signed out. */
  abstract byCookie(value: string): Promise<Actor | undefined>;
  /** The actor of a personal access token, or undefined when it is unknown, expired or revoked. */
  abstract byToken(token: string): Promise<Actor | undefined>;
  /** The same actor as of now, or undefined when the sign-in or token has ended; for connections that stay open. */
  abstract again(actor: Actor): Promise<Actor | undefined>;
}

/** Its prefix makes browsers refuse it from other hosts, subdomains and insecure pages. */
export const signInCookie = '__Host-sallyport';

/** Reads one cookie of a Cookie header; the first wins. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, ...value] = part.split('=');
    if (key?.trim() === name) return value.join('=').trim();
  }
  return undefined;
}

/** Reads `Authorization: Bearer ...`. */
export function bearerOf(header: string | undefined): string | undefined {
  return header?.match(/^Bearer +([\x21-\x7e]{1,512})$/i)?.[1];
}
