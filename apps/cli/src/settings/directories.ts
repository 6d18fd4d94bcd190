import { isAbsolute, join } from 'node:path';
import type { World } from '../world.ts';

/** The folders of this program (XDG Base Directory Specification 0.8: relative values are ignored). */
export interface Directories {
  /** Holds the token file. */
  readonly config: string;
  /** Holds one file per running tunnel. */
  readonly state: string;
  /** Holds the control sockets of running tunnels. */
  readonly runtime: string;
}

export function directoriesOf({ env, home }: Pick<World, 'env' | 'home'>): Directories {
  const base = (variable: string, fallback: string) => {
    const value = env[variable];
    return join(value && isAbsolute(value) ? value : fallback, 'sallyport');
  };
  const state = base('XDG_STATE_HOME', join(home, '.local', 'state'));
  const runtime = env['XDG_RUNTIME_DIR'];
  return {
    config: base('XDG_CONFIG_HOME', join(home, '.config')),
    state,
    // A set XDG_STATE_HOME speaks for both: tests and second identities must not meet in one runtime folder.
    runtime: runtime && isAbsolute(runtime) && !env['XDG_STATE_HOME'] ? join(runtime, 'sallyport') : state,
  };
}
