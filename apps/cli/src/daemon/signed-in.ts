import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { Debug } from '../output/debug.ts';
import { LiveChannel } from '../server/live-channel.ts';
import { serverAt, type Server } from '../server/server.ts';
import { serverAddress } from '../settings/server-address.ts';
import { readSignIn } from '../settings/token-file.ts';
import type { World } from '../world.ts';
import { proxyNames } from './wish.ts';

interface Shared {
  readonly live: LiveChannel;
  users: number;
}

/** The control planes that the background process speaks with, as the person of the token file; tunnels of one sign-in share a live channel. */
export class SignedIn {
  readonly #effects: Effects;
  readonly #debug: Debug;
  readonly #shared = new Map<string, Shared>();

  constructor(effects: Effects, debug: Debug) {
    this.#effects = effects;
    this.#debug = debug;
  }

  /** The control plane that a world's settings name; `release` when the tunnel is gone. Refuses with TOKEN_MISSING when nobody is signed in there. */
  async at(world: World): Promise<{ server: Server; live: LiveChannel; release: () => void }> {
    const address = serverAddress(world.env);
    const signIn = await readSignIn(world, address);
    if (!signIn) throw new Problem('TOKEN_MISSING');
    const { token } = signIn;
    const debug: Debug = (happening, fields) => void (happening === 'http' || this.#debug(happening, fields));
    const server = serverAt({ address, token, version: world.version, debug, env: world.env });
    // By another proxy the channel may not come about, or be seen by whom it should not.
    const key = JSON.stringify([address.origin, token, proxyNames.map((name) => world.env[name] ?? null)]);
    const shared = this.#shared.get(key) ?? {
      live: new LiveChannel({ server, effects: this.#effects, debug }),
      users: 0,
    };
    this.#shared.set(key, shared);
    shared.users += 1;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      shared.live.close();
      this.#shared.delete(key);
    };
    return { server, live: shared.live, release };
  }
}
