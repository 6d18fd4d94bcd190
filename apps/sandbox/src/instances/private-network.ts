import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Listener } from '../world/world.ts';
import type { BackingForm } from '../world/world-form.ts';
import { DeniedAddresses } from './denied-addresses.ts';

/** Opens a connection to what stands behind a listener of the network map. */
export type OpenBacking = (backing: BackingForm, listener: Listener) => Promise<Duplex>;

/** The private network as instances see it: names, addresses and what listens there. */
export class PrivateNetwork {
  readonly #listeners: readonly Listener[];
  readonly #open: OpenBacking;
  readonly #denied: DeniedAddresses;

  constructor(listeners: readonly Listener[], vpcCidrs: readonly string[], open: OpenBacking) {
    this.#listeners = listeners;
    this.#open = open;
    this.#denied = new DeniedAddresses(vpcCidrs);
  }

  /** Addresses of a host, as the agent looks them up once at session start; empty when the name is unknown. */
  resolve(host: string): readonly string[] {
    if (isIP(host) !== 0) return [host];
    if (host === 'localhost') return ['127.0.0.1'];
    const name = host.toLowerCase();
    return [...new Set(this.#listeners.filter((l) => l.host === name).map((l) => l.address))];
  }

  /** The first of the addresses that the agent refuses to forward to. */
  deniedOf(addresses: readonly string[]): string | undefined {
    return addresses.find((address) => this.#denied.has(address));
  }

  /** Connects to a port at the first address where something listens. @throws Error worded as a failed dial. */
  async dial(addresses: readonly string[], port: number): Promise<Duplex> {
    const listener = addresses
      .map((address) => this.#listeners.find((l) => addressOf(l) === address && l.port === port))
      .find((found) => found !== undefined);
    if (listener === undefined)
      throw new Error(`dial tcp ${addresses[0] ?? ''}:${port}: connect: connection refused`);
    return this.#open(listener.backing, listener);
  }
}

function addressOf({ host, address }: Listener): string {
  return host === 'localhost' ? '127.0.0.1' : address;
}
