import { simulatedEffects } from '@sallyport/effects/simulated';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../control-plane.ts';
import type { SsmSessions } from '../ssm-sessions.ts';
import { BegunSession, type OwnCredentials } from './begun-session.ts';

const started = { sessionId: 'operator-0123', token: 'token', streamUrl: 'wss://gateway.example/x' };
const keys: OwnCredentials = { accessKeyId: 'ASIA1', secretAccessKey: 'secret-1', sessionToken: 'session-1' };
const nowhere = {} as Parameters<SsmSessions['resume']>[1];
const { signal } = new AbortController();
const minute = 60_000;

function begun(credentials: OwnCredentials | undefined, found: () => Promise<OwnCredentials>) {
  const effects = simulatedEffects();
  const called: { readonly call: string; readonly key: string }[] = [];
  const note = async (call: string, lease: Lease) => {
    called.push({ call, key: lease.credentials.accessKeyId });
    return started;
  };
  const session = new BegunSession({
    ...{ started, region: 'eu-west-1', target: 'i-1', credentials, findCredentials: found, effects },
    ssm: {
      start: (lease) => note('start', lease),
      resume: (lease) => note('resume', lease),
      terminate: async (lease) => void (await note('terminate', lease)),
    },
  });
  const start = async () => session.ssm.start(await session.controlPlane.issueLease(''), nowhere, signal);
  const resume = async () =>
    session.ssm.resume(await session.controlPlane.issueLease(''), nowhere, started.sessionId, signal);
  return { session, effects, called, start, resume };
}

describe('a session that somebody else has started', () => {
  const never = () => Promise.reject(new Error('is not asked'));

  it('is what the first StartSession answers with, and there is no second one', async () => {
    const expiration = new Date(simulatedEffects().clock.now() + 60 * minute);
    const { start, called } = begun({ ...keys, expiration }, never);
    expect(await start()).toEqual(started);
    await expect(start()).rejects.toMatchObject({ code: 'PLUGIN_SESSION_LOST' });
    expect(called).toEqual([]);
  });

  it('is resumed with credentials that are asked for again only when they run out', async () => {
    let asked = 0;
    const { start, resume, effects, called } = begun(
      { ...keys, expiration: new Date(simulatedEffects().clock.now() + 5 * minute) },
      async () => ({ ...keys, accessKeyId: `ASIA-${(asked += 1)}` }),
    );
    await start();
    await resume();
    effects.time.advance(4.5 * minute);
    await resume();
    expect(called.map(({ key }) => key)).toEqual(['ASIA1', 'ASIA-1']);
  });

  it('waits for credentials that were there, for 15 minutes after the loss and no longer', async () => {
    const { session, start, resume, effects } = begun(keys, () => Promise.reject(new Error('a secret word')));
    await start();
    session.lost();
    effects.time.advance(14 * minute);
    await expect(resume()).rejects.toMatchObject({ code: 'SSM_UNREACHABLE', kind: 'unavailable' });
    effects.time.advance(2 * minute);
    await expect(resume()).rejects.toMatchObject({ code: 'PLUGIN_SESSION_LOST' });
    session.recovered();
    await expect(resume()).rejects.toMatchObject({ code: 'SSM_UNREACHABLE' });
  });

  it('is carried without credentials, and neither resumed nor ended by them', async () => {
    const { session, start, resume, called } = begun(undefined, never);
    expect(await start()).toEqual(started);
    await expect(resume()).rejects.toMatchObject({ code: 'PLUGIN_CREDENTIALS_MISSING' });
    await session.abandon(nowhere);
    expect(called).toEqual([]);
  });

  it('is ended at AWS when nobody could go on with it', async () => {
    const { session, called } = begun(keys, never);
    await session.abandon(nowhere);
    expect(called).toEqual([{ call: 'terminate', key: 'ASIA1' }]);
  });
});
