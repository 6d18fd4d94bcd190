import type { Duplex } from 'node:stream';
import { Problem } from '@sallyport/problems';
import type { Carried, Destination, Reach } from '@sallyport/tunnel';
import { duplexPair } from './duplex-pair.ts';
import type { Tunnel } from './tunnel.ts';

/** What is needed of a tunnel whose document pins one host and port. */
export type PinnedTunnel = Pick<Tunnel, 'carry' | 'end' | 'state'>;

export interface PinnedReachOptions {
  /** Where on this machine the one destination is found: its virtual address, and the ports that lead to it. */
  readonly at: readonly Destination[];
  readonly whileDown: 'wait' | 'refuse';
}

/**
 * The way to one resource by a document that pins its host and port. TCP alone, and a connection is accepted before the gateway has dialled: Session Manager tells
 * of a refused destination only by ending the stream.
 */
export class PinnedReach implements Reach {
  readonly carries: ReadonlySet<Carried> = new Set(['tcp']);
  readonly #tunnel: PinnedTunnel;
  readonly #options: PinnedReachOptions;

  constructor(tunnel: PinnedTunnel, options: PinnedReachOptions) {
    this.#tunnel = tunnel;
    this.#options = options;
  }

  async openTcp(to: Destination, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    const { at, whileDown } = this.#options;
    if (!at.some(({ address, port }) => address === to.address && port === to.port))
      throw new Problem('FLOW_NOT_GRANTED', { detail: `${to.address} port ${to.port} is not granted.` });
    if (this.#tunnel.end) throw new Problem('REACH_ENDED');
    if (whileDown === 'refuse' && this.#tunnel.state === 'reconnecting') throw new Problem('REACH_DOWN');
    const [near, far] = duplexPair();
    this.#tunnel.carry(far);
    return near;
  }
}
