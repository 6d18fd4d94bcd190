import { Problem } from '@sallyport/problems';
import { expect, it } from 'vitest';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import {
  SessionRevoker,
  type SessionEnd,
  type SessionSearch,
} from '../../platform/aws/revoker/session-revoker.ts';
import { RevokerTerminator } from './revoker-terminator.query.ts';

const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';
const places = ['111122223333', '444455556666'].map((accountId) => ({ accountId, region: 'eu-west-1' }));

/** Holds two sessions per account, and refuses what a test tells it to. */
class StubbornRevoker extends SessionRevoker {
  readonly terminated: string[] = [];
  readonly refuses: (asked: SessionSearch | SessionEnd) => boolean;
  constructor(refuses: (asked: SessionSearch | SessionEnd) => boolean) {
    super();
    this.refuses = refuses;
  }
  list(search: SessionSearch) {
    if (this.refuses(search)) return Promise.reject(new Problem('AWS_DENIED'));
    const session = (end: string) => ({
      ssmSessionId: `${search.prefix}${search.accountId}${end}`,
      instanceId: null,
      startedAt: null,
    });
    return Promise.resolve([session('a'), session('b')]);
  }
  deny() {
    return Promise.reject(new Problem('AWS_DENIED'));
  }
  terminate(end: SessionEnd): Promise<void> {
    if (this.refuses(end)) return Promise.reject(new Problem('AWS_DENIED'));
    this.terminated.push(end.ssmSessionId);
    return Promise.resolve();
  }
}

const client = { lease: { findMany: () => Promise.resolve(places) } } as unknown as PrismaClient;

it('ends every other session although one cannot be ended, and then asks to be repeated', async () => {
  const revoker = new StubbornRevoker(
    (asked) => 'ssmSessionId' in asked && asked.ssmSessionId.endsWith('3333a'),
  );
  await expect(new RevokerTerminator(client, revoker).sweep(grantId)).rejects.toMatchObject({
    code: 'AWS_DENIED',
  });
  expect(revoker.terminated.map((id) => id.slice(-5))).toEqual(['3333b', '6666a', '6666b']);
});

it('looks into every other account although one cannot be looked into', async () => {
  const revoker = new StubbornRevoker((asked) => asked.accountId === '111122223333');
  await expect(new RevokerTerminator(client, revoker).sweep(grantId)).rejects.toMatchObject({
    code: 'AWS_DENIED',
  });
  expect(revoker.terminated.map((id) => id.slice(-5))).toEqual(['6666a', '6666b']);
});
