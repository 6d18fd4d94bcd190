import { Problem } from '@sallyport/problems';
import { expect, it } from 'vitest';
import { demandSandboxEndpoint, readConfiguration, readPrincipalConfiguration } from './configuration.ts';

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
  ['no database named', { DATABASE_URL: '' }],
  [
    'the embedded database by its socket alone',
    { DATABASE_URL: 'postgresql://app@%2Fvar%2Flib%2Fsallyport%2Fpg-socket/sallyport' },
  ],
  ['an address that other machines reach', { HOST: '0.0.0.0' }],
  ['plain HTTP', { SALLYPORT_PUBLIC_URL: 'http://sallyport.example.com' }],
  ['no public address', { SALLYPORT_PUBLIC_URL: '' }],
  ['an endpoint that is not AWS', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }],
])('does not run on real AWS with %s', (_, given) => {
  expect(caught(() => readConfiguration({ ...live, ...given })).code).toBe('CONFIGURATION_UNSAFE');
});

it.each(['0.0.0.0', '::', '192.168.1.5', 'laptop.example', '127.0.0.1.example'])(
  'does not listen on %s with the accounts of the sandbox',
  (HOST) => {
    const refusal = caught(() => readConfiguration({ HOST }));
    expect(refusal.code).toBe('CONFIGURATION_INVALID');
    expect(refusal.occurrence.errors?.map(({ field }) => field)).toEqual(['HOST']);
  },
);

it.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('listens on %s with them', (HOST) => {
  expect(readConfiguration({ HOST })).toMatchObject({ host: HOST });
});

it('repeats no address of a database that it cannot read', () => {
  const refusal = caught(() => readConfiguration({ ...live, DATABASE_URL: 'postgresql://app:canary@:x/db' }));
  expect(refusal.code).toBe('CONFIGURATION_INVALID');
  expect(JSON.stringify([refusal.detail, refusal.occurrence])).not.toContain('canary');
});

it('lets a principal run on real AWS without database and pages, and not on an endpoint of its own', () => {
  expect(readPrincipalConfiguration({ SALLYPORT_AWS: 'live' })).toMatchObject({ aws: 'live' });
  const elsewhere = { SALLYPORT_AWS: 'live', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' };
  expect(caught(() => readPrincipalConfiguration(elsewhere)).code).toBe('CONFIGURATION_UNSAFE');
});

it('calls nothing but a sandbox on this machine unless it runs live', () => {
  const demand = (awsEndpoint?: string) => () => demandSandboxEndpoint({ aws: 'sandbox', awsEndpoint });
  expect(demand('http://127.0.0.1:4566')).not.toThrow();
  expect(() => demandSandboxEndpoint({ aws: 'live', awsEndpoint: undefined })).not.toThrow();
  expect(caught(demand()).code).toBe('CONFIGURATION_INVALID');
  expect(caught(demand('https://sts.eu-west-1.amazonaws.com')).code).toBe('CONFIGURATION_INVALID');
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
