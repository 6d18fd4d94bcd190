import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Effects } from '@sallyport/effects';

const ids = new WeakMap<IncomingMessage, string>();

/** Middleware that gives every request an id of ours; a caller's own is not believed. */
export function giveRequestIds(effects: Effects) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const id = effects.ids.make('rid');
    ids.set(request, id);
    response.setHeader('X-Request-Id', id);
    next();
  };
}

/** The id of a request, as shown in problems and logs. */
export function requestIdOf(request: IncomingMessage): string {
  return ids.get(request) ?? 'rid_unknown';
}
