import { describe, expect, it } from 'vitest';
import type { SshLease } from './ssh-lease.ts';
import { PushedKey } from './pushed-key.ts';

function pushing(takes: (publicKey: string) => 'pushed' | 'unsupported' = () => 'pushed') {
  const pushes: string[] = [];
  let now = 0;
  const key = new PushedKey({
    lease: async () => ({ instanceId: 'i-0b5c1d2e3f4a50617' }) as SshLease,
    pushKey: async (_lease, publicKey) => {
      pushes.push(publicKey.split(' ')[0] ?? '');
      return takes(publicKey);
    },
    effects: { clock: { now: () => now, monotonic: () => now } },
    debug: () => undefined,
  });
  return { key, pushes, pass: (ms: number) => (now += ms) };
}

describe('the key of a connection', () => {
  it('is pushed once for those who ask together, and again when it may have run out', async () => {
    const { key, pushes, pass } = pushing();
    const [first, second] = await Promise.all([key.inPlace(), key.inPlace()]);
    expect(first).toBe(second);
    expect(pushes).toHaveLength(1);
    pass(39_000);
    await key.inPlace();
    expect(pushes).toHaveLength(1);
    pass(2_000);
    expect(await key.inPlace()).toBe(first);
    expect(pushes).toHaveLength(2);
  });

  it('is pushed again after the connection was broken', async () => {
    const { key, pushes } = pushing();
    await key.inPlace();
    key.renew();
    await key.inPlace();
    expect(pushes).toHaveLength(2);
  });

  it('is an RSA key where Ed25519 is refused, and where the server takes none', async () => {
    const refused = pushing((line) => (line.startsWith('ssh-rsa') ? 'pushed' : 'unsupported'));
    expect((await refused.key.inPlace()).kind).toBe('rsa');
    expect(refused.pushes).toEqual(['ssh-ed25519', 'ssh-rsa']);
    const old = pushing();
    await old.key.inPlace();
    old.key.preferRsa();
    expect((await old.key.inPlace()).kind).toBe('rsa');
  });

  it('is refused by code where neither kind is taken', async () => {
    const { key } = pushing(() => 'unsupported');
    await expect(key.inPlace()).rejects.toMatchObject({ code: 'SSH_KEY_REFUSED' });
  });
});
