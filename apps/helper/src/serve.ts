import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import { libc } from '@sallyport/tunnel/edge/native';
import { DarwinEdge } from './edge/darwin-edge.ts';
import { LinuxEdge } from './edge/linux-edge.ts';
import { LinuxNames, systemNameFiles } from './edge/linux-names.ts';
import { systemPrograms } from './edge/programs.ts';
import { refuseUnsafePath } from './install/safe-path.ts';
import { startHelper, type RunningHelper } from './server.ts';
import { TrustKeeper } from './trust-keeper.ts';

/** Folders of the helper; all root's. */
export interface ServeOptions {
  /** Holds `trust.json`. */
  readonly etc: string;
  /** Holds the socket; made when it is missing. */
  readonly run: string;
  readonly version: string;
  readonly effects: Effects;
}

export const defaultEtc = '/etc/sallyport';
export const defaultRun = process.platform === 'darwin' ? '/var/run/sallyport' : '/run/sallyport';

/** Starts the helper on this system. Refuses HELPER_PATH_UNSAFE, HELPER_GRANT_INVALID (no key is trusted), HELPER_SYSTEM_REFUSED. */
export async function serve({ etc, run, version, effects }: ServeOptions): Promise<RunningHelper> {
  const trustPath = join(etc, 'trust.json');
  refuseUnsafePath(run);
  if (!existsSync(run)) mkdirSync(run, { recursive: true, mode: 0o755 });
  const trust = await TrustKeeper.open(trustPath);
  return startHelper(join(run, 'helper.sock'), {
    effects,
    libc: libc(),
    edge:
      process.platform === 'darwin'
        ? new DarwinEdge(systemPrograms, libc(), { resolver: '/etc/resolver', run })
        : new LinuxEdge(systemPrograms, new LinuxNames(systemPrograms, systemNameFiles), libc()),
    verify: (token) => trust.verify(token, effects.clock.now()),
    follow: async (keySets) => {
      const moved = await trust.follow(keySets);
      effects.log.write('info', 'the signing keys moved on', { issuer: moved.issuer, serial: moved.serial });
    },
    account: () => ({ version, issuers: trust.issuers }),
  });
}
