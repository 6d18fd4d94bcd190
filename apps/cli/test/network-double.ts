import { connect } from 'node:net';
import { once } from 'node:events';
import type { Tunnel } from '@sallyport/connect';
import type { Resource } from '@sallyport/api-client';
import { Problem, type ProblemCode } from '@sallyport/problems';
import type { FilterRouterSettings, Reach, RouterSettings } from '@sallyport/tunnel';
import type { HelperConnection, Opened, OpenWish } from '@sallyport/tunnel/helper-messages';
import type { NetworkSystem } from '../src/network/system.ts';
import { aResource } from './api-double.ts';

/** A route grant as far as a client reads it. */
export function routeGrant(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

export const vpcFacts = {
  routes: [
    { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' },
    { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' },
  ],
  suffixes: ['internal'],
  resolver: '10.0.0.2',
  carries: ['tcp', 'icmp'],
  way: 'agent',
  everything: false,
} as const;

export function aNetwork(over: object = {}): Resource {
  return aResource({
    ...{ id: 'rsc_2', name: 'prod-vpc', kind: 'subnet', host: null, port: null, cidr: '10.0.0.0/16' },
    ...{ protocol: null, database: null, network: vpcFacts },
    ...over,
  }) as unknown as Resource;
}

/** A tunnel that is open and carries nothing. */
export function aTunnel(
  endsAt = '2026-01-01T01:00:00.000Z',
  ended: Promise<unknown> = new Promise(() => undefined),
): Tunnel {
  const sessions = [{ ssmSessionId: 'jit-grt_1-0abc', state: 'open' }];
  return {
    lease: { instanceId: 'i-0123456789abcdef0', way: 'agent' },
    ...{ endsAt, ended },
    state: 'open',
    end: undefined,
    snapshot: () => ({ sessions, flows: 0 }),
    carry: () => undefined,
  } as unknown as Tunnel;
}

/** The helper, names, reach and router of a machine, remembering what they were asked. */
export class SystemDouble implements NetworkSystem {
  readonly opens: OpenWish[] = [];
  readonly changes: object[] = [];
  readonly devices: RouterSettings[] = [];
  readonly filters: FilterRouterSettings[] = [];
  /** What was closed, in order. */
  readonly closed: string[] = [];
  /** Whether there is a helper, and what it refuses the next opens with. */
  installed = true;
  refusals: ProblemCode[] = [];
  /** What it refuses the next changes with. */
  changeRefusals: ProblemCode[] = [];
  /** Sets of keys it was handed, and what it refuses them with. */
  readonly keySets: string[] = [];
  keysRefused: ProblemCode | undefined;
  reachFails: ProblemCode | undefined;
  /** How this system finds names. */
  dns: 'resolved' | 'hosts' | 'none' = 'resolved';
  readonly #reachLost = Promise.withResolvers<Problem>();
  #end: (code: string | null) => void = () => undefined;

  /** The helper ends the set. */
  endHelper(code: string): void {
    this.#end(code);
  }

  /** The way into the network is over for good. */
  loseReach(code: ProblemCode): void {
    this.#reachLost.resolve(new Problem(code));
  }

  readonly helper = async (): Promise<HelperConnection> => {
    if (!this.installed) throw new Problem('HELPER_NOT_INSTALLED');
    const ended = new Promise<string | null>((resolve) => (this.#end = resolve));
    const end = this.#end;
    return {
      ended,
      open: async (wish) => {
        this.opens.push(wish);
        const refusal = this.refusals.shift();
        if (refusal) throw new Problem(refusal);
        return { opened: openedFor(wish, this.dns), fd: wish.via === 'tun' ? 99 : null };
      },
      change: async (wish) => {
        this.changes.push(wish);
        const refusal = this.changeRefusals.shift();
        if (refusal) throw new Problem(refusal);
        return openedFor(this.opens[0] as OpenWish, this.dns);
      },
      followKeys: async (keySets) => {
        this.keySets.push(...keySets);
        if (this.keysRefused) throw new Problem(this.keysRefused);
      },
      status: () => Promise.reject(new Error('not asked here')),
      close: async () => {
        this.closed.push('helper');
        end(null);
      },
    };
  };

  async reach() {
    if (this.reachFails) throw new Problem(this.reachFails);
    const reach: Reach = {
      carries: new Set(['tcp', 'udp', 'icmp']),
      openTcp: async ({ port }) => {
        const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
        await once(socket, 'connect').catch((cause: unknown) => {
          throw new Problem('FLOW_REFUSED', { cause });
        });
        return socket;
      },
      resolve: async (name, type) => ({
        code: 'NOERROR',
        addresses: type === 'A' && name === 'web.internal' ? ['10.0.2.60'] : [],
        ttlSeconds: 5,
      }),
    };
    return {
      reach,
      close: async () => void this.closed.push('reach'),
      lost: this.#reachLost.promise,
    };
  }

  async device(settings: RouterSettings) {
    this.devices.push(settings);
    return { ...this.#router(), change: () => undefined };
  }

  closeDevice(fd: number): void {
    this.closed.push(`device ${fd}`);
  }

  async filter(settings: FilterRouterSettings) {
    this.filters.push(settings);
    const listener = { cidr: '10.0.0.0/16', ports: [[1, 65_535] as const], proto: 'tcp' as const, to: 4_711 };
    return { ...this.#router(), listeners: [listener], namesPort: 4_712 };
  }

  #router() {
    return {
      counters: () => ({
        ...{ flows: { tcp: 1, held: 0, udp: 0 }, bytesUp: 1, bytesDown: 2, packets: 19 },
        ...{ connects: { opened: 1, refused: 0, failed: 0 }, names: { answered: 0, refused: 0 } },
        drops: { 'not-granted': 2 } as never,
      }),
      close: async () => void this.closed.push('router'),
    };
  }

  async addresses(name: string): Promise<readonly string[]> {
    return name === 'sallyport.example.com' ? ['10.0.9.9'] : [];
  }
  resolvers(): readonly string[] {
    return ['10.0.0.2'];
  }
}

function openedFor({ via, shape, virtual, exclude = [], dns }: OpenWish, how: Opened['dns']['how']): Opened {
  return {
    device: via === 'tun' ? 'sally0' : null,
    ...{ address4: '100.64.0.1', address6: null, responder4: '100.64.0.2', responder6: null, mtu: 65_535 },
    framing: 'vnet',
    routes: shape === 'virtual' ? [virtual?.range ?? ''] : ['10.0.0.0/16'],
    excluded: exclude.filter((address) => address.startsWith('10.0.')).map((address) => `${address}/32`),
    ...{ rules: [], uid: 1000, endsAt: 0, type: 'opened' as const },
    dns: { how: dns === undefined ? 'none' : how, details: [] },
  };
}
