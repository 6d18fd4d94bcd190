import { isIP, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Instance, Listener, SilentHost } from '../world/world.ts';
import type { BackingForm } from '../world/world-form.ts';
import { DeniedAddresses } from './denied-addresses.ts';
import { servedBy } from './in-process-socket.ts';
import { NetworkError } from './network-error.ts';

/** Opens a connection to what stands behind a listener of the network map. */
export type OpenBacking = (backing: BackingForm, listener: Listener) => Promise<Duplex>;

/** Opens a way for datagrams to what stands behind a listener; `received` is called for each that comes back. */
export type OpenDatagrams = (
  backing: BackingForm,
  received: (datagram: Uint8Array) => void,
  ended: (error: NetworkError) => void,
) => Datagrams;

/** Datagrams with one destination. */
export interface Datagrams {
  send(datagram: Uint8Array): void;
  close(): void;
}

/** Everything that has an address in the private network. */
export interface NetworkMap {
  readonly listeners: readonly Listener[];
  readonly hosts: readonly SilentHost[];
  readonly instances: readonly Pick<Instance, 'address'>[];
  readonly vpcCidrs: readonly string[];
}

/** What the resolver of the private network answers; a known name without an address of the family has none. */
export interface LookUp {
  readonly known: boolean;
  readonly addresses: readonly string[];
}

/** The private network as instances see it: names, addresses and what listens there. */
export class PrivateNetwork {
  readonly #map: NetworkMap;
  readonly #open: OpenBacking;
  readonly #openDatagrams: OpenDatagrams;
  readonly #denied: DeniedAddresses;
  readonly #addresses: ReadonlySet<string>;
  /** What programs of an instance serve on its loopback, by instance and port. */
  readonly #local = new Map<string, (socket: Duplex) => void>();

  constructor(map: NetworkMap, open: OpenBacking, openDatagrams: OpenDatagrams) {
    this.#map = map;
    this.#open = open;
    this.#openDatagrams = openDatagrams;
    this.#denied = new DeniedAddresses(map.vpcCidrs);
    const named = [
      ...map.listeners.filter(({ host }) => host !== 'localhost'),
      ...map.hosts,
      ...map.instances,
    ];
    this.#addresses = new Set(named.flatMap(addressesOf));
  }

  /** Addresses of a host, as the agent looks them up once at session start; empty when the name is unknown. */
  resolve(host: string): readonly string[] {
    if (isIP(host) !== 0) return [host];
    if (host === 'localhost') return ['127.0.0.1'];
    return this.#named(host);
  }

  /** What the network's own resolver says of a name; it knows nothing outside the network. */
  lookUp(name: string, type: 'A' | 'AAAA'): LookUp {
    const all = this.#named(name.replace(/\.$/, ''));
    return {
      known: all.length > 0,
      addresses: all.filter((address) => isIPv6(address) === (type === 'AAAA')),
    };
  }

  /** The first of the addresses that the agent refuses to forward to. */
  deniedOf(addresses: readonly string[]): string | undefined {
    return addresses.find((address) => this.#denied.has(address));
  }

  /**
   * Connects to a port at the first address where something listens, as seen from an instance. @throws Error worded as a failed dial.
   */
  async dial(addresses: readonly string[], port: number, instanceId: string): Promise<Duplex> {
    for (const address of addresses) {
      const local = isLoopback(address) ? this.#local.get(`${instanceId} ${port}`) : undefined;
      if (local !== undefined) return servedBy(local);
      const listener = this.#listener('tcp', address, port, instanceId);
      if (listener !== undefined) return this.#open(listener.backing, listener);
    }
    throw new Error(`dial tcp ${addresses[0] ?? ''}:${port}: connect: connection refused`);
  }

  /** Connects to an address that is not loopback. @throws NetworkError when nothing listens or nobody has the address. */
  async connect(address: string, port: number): Promise<Duplex> {
    const listener = this.#listener('tcp', address, port, undefined);
    if (listener === undefined)
      throw new NetworkError(this.answers(address) ? 'ECONNREFUSED' : 'EHOSTUNREACH', `${address}:${port}`);
    return this.#open(listener.backing, listener);
  }

  /** A way for datagrams to an address; a port where nothing listens ends it as ICMP would. @throws NetworkError when nobody has the address. */
  datagrams(
    address: string,
    port: number,
    received: (datagram: Uint8Array) => void,
    ended: (error: NetworkError) => void,
  ): Datagrams {
    if (!this.answers(address)) throw new NetworkError('EHOSTUNREACH', `${address}:${port}`);
    const listener = this.#listener('udp', address, port, undefined);
    if (listener !== undefined) return this.#openDatagrams(listener.backing, received, ended);
    return {
      send: () => queueMicrotask(() => ended(new NetworkError('ECONNREFUSED', `${address}:${port}`))),
      close: () => undefined,
    };
  }

  /** Whether a host has the address: it then answers pings. */
  answers(address: string): boolean {
    return this.#addresses.has(canonical(address));
  }

  /** Whether the host at an address sends back the packets of an IP protocol. */
  mirrors(address: string, protocol: number): boolean {
    const wanted = canonical(address);
    return this.#map.hosts.some(
      (host) => addressesOf(host).includes(wanted) && (host.mirrors ?? []).includes(protocol),
    );
  }

  /** Serves a port on the loopback of one instance. */
  serveOnLoopback(instanceId: string, port: number, serve: (socket: Duplex) => void): void {
    this.#local.set(`${instanceId} ${port}`, serve);
  }

  #named(host: string): readonly string[] {
    const name = host.toLowerCase();
    const found = [
      ...this.#map.listeners.filter((l) => l.host === name),
      ...this.#map.hosts.filter((h) => h.name === name),
    ];
    return [...new Set(found.flatMap(addressesOf))];
  }

  #listener(protocol: string, address: string, port: number, instanceId?: string): Listener | undefined {
    const wanted = canonical(address);
    return this.#map.listeners.find((l) => {
      if (l.protocol !== protocol || l.port !== port) return false;
      if (l.host !== 'localhost') return addressesOf(l).includes(wanted);
      return isLoopback(wanted) && (l.instance ?? instanceId) === instanceId && instanceId !== undefined;
    });
  }
}

function addressesOf({ address, address6 }: { address?: string | undefined; address6?: string | undefined }) {
  return [address, address6].flatMap((each) => (each === undefined ? [] : [canonical(each)]));
}

/** One text for one address: IPv6 in the form of RFC 5952. */
function canonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function isLoopback(address: string): boolean {
  return address === '127.0.0.1' || address === '::1';
}
