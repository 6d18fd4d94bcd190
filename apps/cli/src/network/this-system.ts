import { closeSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { Resolver } from 'node:dns';
import { Problem } from '@sallyport/problems';
import type { NetworkSystem } from './system.ts';

/** A name that takes longer than this has no address now. */
const lookupWithinMs = 3_000;

/** The parts of networks as this system has them. Each is loaded when it is needed: some are native. */
export const thisSystem: NetworkSystem = {
  helper: async (path) => {
    const { connectHelper } = await import('@sallyport/tunnel/helper-messages');
    return connectHelper(path === undefined ? {} : { path });
  },
  reach: async (wish) => {
    const { openReach } = await import('./open-reach.ts');
    return openReach(wish);
  },
  device: async (settings) => {
    const { startRouter } = await import('@sallyport/tunnel/edge');
    return startRouter(settings);
  },
  closeDevice: (fd) => closeSync(fd),
  filter: async (settings) => {
    const { startFilterRouter } = await import('@sallyport/tunnel/edge');
    return startFilterRouter(settings);
  },
  addresses: async (name) => {
    const late = new Promise<never>((_, reject) =>
      AbortSignal.timeout(lookupWithinMs).addEventListener('abort', () =>
        reject(new Problem('SERVER_UNREACHABLE', { detail: `${name} has no address.` })),
      ),
    );
    const found = await Promise.race([lookup(name, { all: true }), late]);
    return found.map(({ address }) => address);
  },
  // A resolver that is made now reads the system's settings as they are now; those of the module are as old as the process.
  resolvers: () => new Resolver().getServers(),
};
