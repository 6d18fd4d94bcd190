import { expect, it } from 'vitest';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import { network } from '@sallyport/tunnel/edge/privileged';
import { judgeNames } from './judge-names.ts';

const routes = [network('10.0.0.0/16')];
const claims = (suffixes: string[]): RouteGrantClaims => ({
  ...{
    iss: 'sallyport:one',
    jti: 'jti_1',
    nbf: 0,
    exp: 60,
    aud: 'sallyport-helper',
    sub: 'grt_1',
    usr: 'prs_1',
  },
  ...{ routes: [], names: [], suffixes },
});

it('takes a suffix that is signed or lies below a signed one, and nothing below a public one that somebody signed', () => {
  const suffixes = (wanted: string, signed: string) =>
    judgeNames({ names: [], suffixes: [wanted] }, [claims([signed])], routes).suffixes;
  expect(suffixes('internal', 'internal')).toEqual(['internal']);
  expect(suffixes('db.internal', 'internal')).toEqual(['db.internal']);
  const outside = expect.objectContaining({ code: 'HELPER_NOT_IN_GRANT' }) as Error;
  for (const signed of ['com', 'co.uk', 'github.io'])
    expect(() => suffixes(`mail.${signed}`, signed)).toThrow(outside);
});
