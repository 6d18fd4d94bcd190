import { Problem } from '@sallyport/problems';
import type { Destination, Reach } from '@sallyport/tunnel';

/** A reach whose conversations may be refused while no session is there. */
export interface ImpatientReach extends Reach {
  /** No session is left: what is being opened is refused now, and what comes until there is one again. */
  down(): void;
}

/**
 * A reach that lets nobody wait (`--while-down refuse`). A way over sessions keeps what is asked of it for the time when they are back, whatever it was told: here it is refused with
 * REACH_DOWN, also what was asked a moment before the loss was noticed.
 */
export function impatient(reach: Reach, isDown: () => boolean): ImpatientReach {
  const asking = new Set<AbortController>();
  const hurried = async <T>(signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (isDown()) throw new Problem('REACH_DOWN');
    const giveUp = new AbortController();
    asking.add(giveUp);
    try {
      return await ask(AbortSignal.any([signal, giveUp.signal]));
    } finally {
      asking.delete(giveUp);
    }
  };
  return {
    get carries() {
      return reach.carries;
    },
    openTcp: (to: Destination, signal) => hurried(signal, (either) => reach.openTcp(to, either)),
    ...(reach.openUdp && { openUdp: reach.openUdp.bind(reach) }),
    ...(reach.packets && { packets: reach.packets.bind(reach) }),
    ...hurriedQuestions(reach, hurried),
    down: () => {
      for (const giveUp of asking) giveUp.abort(new Problem('REACH_DOWN'));
    },
  };
}

type Hurried = <T>(signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** Pings and names, as far as the way has them. */
function hurriedQuestions(reach: Reach, hurried: Hurried): Pick<Reach, 'echo' | 'resolve'> {
  const echo = reach.echo?.bind(reach);
  const resolve = reach.resolve?.bind(reach);
  return {
    ...(echo && {
      echo: (address: string, payload: Uint8Array, signal: AbortSignal) =>
        hurried(signal, (either) => echo(address, payload, either)),
    }),
    ...(resolve && {
      resolve: (name: string, type: 'A' | 'AAAA', signal: AbortSignal) =>
        hurried(signal, (either) => resolve(name, type, either)),
    }),
  };
}
