import { Problem } from '@sallyport/problems';
import { expect, it } from 'vitest';
import { readConfiguration } from './configuration.ts';

const live = {
  SALLYPORT_AWS: 'live',
  SALLYPORT_PUBLIC_URL: 'https://sallyport.example.com',
  DATABASE_URL: 'postgresql://app@db.example.com/sallyport',
  SALLYPORT_DATA: '/var/lib/sallyport',
};

it('runs on loopback and against the sandbox unless told otherwise', () => {
  expect(readConfiguration({})).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    aws: 'sandbox',
    publicUrl: undefined,
  });
});

it('takes an empty variable for an absent one', () => {
  expect(readConfiguration({ PORT: '', SALLYPORT_PUBLIC_URL: '' })).toMatchObject({ port: 3000 });
});

it('names the variables that are not valid', () => {
  const refusal = caught(() => readConfiguration({ PORT: 'http', SALLYPORT_AWS: 'maybe' }));
  expect(refusal.code).toBe('CONFIGURATION_INVALID');
  expect(refusal.occurrence.errors?.map(({ field }) => field)).toEqual(['PORT', 'SALLYPORT_AWS']);
});

it('runs on real AWS with a server, a public address and nothing of the sandbox', () => {
  expect(readConfiguration(live)).toMatchObject({ aws: 'live' });
});

it.each([
  ['sandbox accounts', { SALLYPORT_ACCOUNTS_FILE: 'accounts.json' }],
  [
    'the embedded database',
    { DATABASE_URL: 'postgresql://app@localhost/sallyport?host=/var/lib/sallyport/pg-socket' },
  ],
  ['plain HTTP', { SALLYPORT_PUBLIC_URL: 'http://sallyport.example.com' }],
  ['no public address', { SALLYPORT_PUBLIC_URL: '' }],
  ['an endpoint that is not AWS', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }],
])('does not run on real AWS with %s', (_, given) => {
  expect(caught(() => readConfiguration({ ...live, ...given })).code).toBe('CONFIGURATION_UNSAFE');
});

function caught(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
