import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { noLog } from '@sallyport/effects';
import { expect, it } from 'vitest';
import type { PushedKeys } from '../../services/instance-connect/pushed-keys.ts';
import type { Instance } from '../../world/world.ts';
import { canIsolate } from './isolation.ts';
import { SshServer } from './ssh-server.ts';

/** Processes of this machine that serve a connection out of a folder. */
function servingFrom(folder: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/u.test(pid))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return line[0] === 'unshare' && line.some((word) => word.startsWith(folder));
      } catch {
        return false; // it ended meanwhile
      }
    });
}

it.runIf(existsSync('/usr/sbin/sshd') && canIsolate())(
  'starts no sshd for who has gone meanwhile, and leaves none when it is closed',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ssh-server-'));
    const instance: Partial<Instance> = { id: 'i-0123456789abcdef0', name: 'web', users: ['app'], tags: {} };
    const pushedKeys: Pick<PushedKeys, 'of' | 'onChange'> = { of: () => [], onChange: () => undefined };
    const server = SshServer.of(instance as Instance, {
      ...{ folder, log: noLog },
      pushedKeys: pushedKeys as PushedKeys,
    });
    if (server === undefined) throw new Error('this machine runs sshd, and no server came about');
    try {
      const [, gone] = duplexPair();
      server.serve(gone);
      gone.destroy();
      const [client, stays] = duplexPair();
      server.serve(stays);
      const [greeting] = (await once(client, 'data')) as [Buffer];
      expect(greeting.toString()).toMatch(/^SSH-2\.0-/u);
      expect(servingFrom(folder)).toHaveLength(1);
      const [, late] = duplexPair();
      server.serve(late);
      await server.close();
      expect(late.destroyed).toBe(true);
      await expect.poll(() => servingFrom(folder), { timeout: 30_000 }).toEqual([]);
    } finally {
      await server.close();
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
