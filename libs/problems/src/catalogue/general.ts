import { entries } from '../catalogue-entry.ts';

export const general = entries({
  INTERNAL_ERROR: {
    kind: 'bug',
    title: 'Something went wrong on our side.',
    advice: 'Try again; if it stays, report the id shown.',
  },
  INPUT_INVALID: {
    kind: 'invalid',
    title: 'The input is not valid.',
    advice: 'Mend the fields named and send it again.',
  },
  JSON_MALFORMED: {
    kind: 'invalid',
    status: 400,
    title: 'The body is not valid JSON.',
    advice: 'Send a well-formed JSON object.',
  },
  REQUEST_TOO_SLOW: {
    kind: 'unavailable',
    status: 408,
    title: 'The body did not arrive in time.',
    advice: 'Try again on a faster line: a recording needs 4 kB each second, anything else a minute.',
  },
  BODY_TOO_LARGE: {
    kind: 'invalid',
    status: 413,
    title: 'The body is too large.',
    advice: 'Send at most 64 KiB.',
  },
  ROUTE_UNKNOWN: {
    kind: 'missing',
    title: 'There is nothing at this address.',
    advice: 'See /api/openapi.json for what there is.',
  },
  METHOD_NOT_ALLOWED: {
    kind: 'invalid',
    status: 405,
    title: 'This address does not take that method.',
    advice: 'See /api/openapi.json for what it takes.',
  },
  ORIGIN_FOREIGN: {
    kind: 'refused',
    title: 'The request came from another site.',
    advice: 'Use the dashboard at its own address.',
  },
  CONTENT_TYPE_UNSUPPORTED: {
    kind: 'invalid',
    status: 415,
    title: 'The body is not of a type that is read here.',
    advice: 'Send application/json in UTF-8, uncompressed.',
  },
  RATE_LIMITED: { kind: 'limited', title: 'Too many requests.', advice: 'Wait the time told and try again.' },
});
