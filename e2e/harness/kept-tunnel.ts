import { createApi } from '@sallyport/api-client';
import {
  controlPlaneOf,
  ssmSessionsThrough,
  Tunnel,
  webSocketsThrough,
  type Lease,
  type SsmSessions,
  type TunnelEvents,
  type TunnelPorts,
  type WakeEvent,
} from '@sallyport/connect';
import type { Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import { Problem } from '@sallyport/problems';
import { Network } from './network.ts';
import type { Person } from './person.ts';
import type { PersonName, Product } from './product.ts';

/** How long AWS takes a lease, and how much of that a newer one is to have left when this one is over. */
const leaseSeconds = 120;
const agedSeconds = 30;

/** What a tunnel told while it lived. */
export interface Told {
  readonly recovered: { readonly how: 'resumed' | 'fresh'; readonly afterMs: number }[];
  readonly gateways: { readonly from: string; readonly to: string }[];
  readonly obstacles: string[];
  connectionsLost: number;
}

/** The leases a tunnel was given. An hour brings hundreds, so that only the latest is held, and of the others what their owner still holds. */
export class HandedOut {
  readonly #numbers = new WeakMap<Lease, number>();
  #expired = 0;
  latest: Lease | undefined;
  count = 0;

  add(lease: Lease): Lease {
    this.count += 1;
    this.#numbers.set(lease, this.count);
    this.latest = lease;
    return lease;
  }

  /** All that were given until now are over. */
  expire(): void {
    this.#expired = this.count;
  }

  over(lease: Lease): boolean {
    const number = this.#numbers.get(lease);
    if (number === undefined) throw new Error(`lease ${lease.id} was not given here`);
    return number <= this.#expired;
  }
}

/**
 * A tunnel opened in this process by `libs/connect`, as the command opens it: real control plane, real wire, and a network between here and AWS that
 * can be cut. What the machine would notice itself (sleep, another network) the test says.
 */
export class KeptTunnel {
  readonly tunnel: Tunnel;
  readonly network: Network;
  readonly grantId: string;
  readonly told: Told;
  readonly leases: HandedOut;
  readonly #wake: Set<(event: WakeEvent) => void>;

  private constructor(parts: Pick<KeptTunnel, 'tunnel' | 'network' | 'grantId' | 'told' | 'leases'> & Inner) {
    this.tunnel = parts.tunnel;
    this.network = parts.network;
    this.grantId = parts.grantId;
    this.told = parts.told;
    this.leases = parts.leases;
    this.#wake = parts.wake;
  }

  static async open(
    product: Product,
    resource: string,
    options: {
      as?: PersonName;
      grantId?: string;
      seconds?: number;
      sessionsMax?: number;
      effects?: Effects;
    } = {},
  ): Promise<KeptTunnel> {
    const person = product.as(options.as ?? 'engineer');
    const grantId = options.grantId ?? (await grantByPolicy(person, resource, options.seconds ?? 3_600));
    const network = await Network.start();
    const inner: Inner = { wake: new Set() };
    const told: Told = { recovered: [], gateways: [], obstacles: [], connectionsLost: 0 };
    const leases = new HandedOut();
    const tunnel = await Tunnel.open(
      {
        grantId,
        listen: { on: 'ports', ports: [0] },
        clientVersion: '0.1.0',
        rules: { controlPlane: new URL(product.apiUrl) },
        pool: { sessionsMax: options.sessionsMax ?? 1 },
      },
      {
        ...portsOf(product, person, network, leases, inner),
        ...(options.effects && { effects: options.effects }),
      },
      events(told),
    ).catch(async (error: unknown) => {
      await network.close();
      throw error;
    });
    return new KeptTunnel({ tunnel, network, grantId, told, leases, ...inner });
  }

  /** Every lease handed out so far is refused by AWS from now on, as when its time is over. */
  expireLeases(): void {
    this.leases.expire();
  }

  /**
   * Moves the clock of AWS past the end of the lease that came last, as its policy has it (`aws:CurrentTime`), and not past the end of one that comes
   * now. Waits until the lease is old enough for that.
   */
  async outliveLease({ sandbox }: Product): Promise<void> {
    const lease = this.leases.latest;
    if (!lease) throw new Error('no lease was handed out');
    const left = () => (Date.parse(lease.usefulUntil) - systemEffects().clock.now()) / 1000;
    const age = leaseSeconds - left();
    if (age < agedSeconds) await systemEffects().timers.wait((agedSeconds - age) * 1000);
    await sandbox.advanceClock(Math.ceil(left()) + 1);
  }

  /** The machine says that it slept, or that its network changed. */
  machineSays(event: WakeEvent): void {
    for (const listener of this.#wake) listener(event);
  }

  /** Time passed since the last loss: the next one is met without a pause. Every news of the machine has that effect. */
  forgetLosses(): void {
    this.machineSays({ what: 'woke', byMs: 5_000 });
  }

  /** The sessions that carry it at the moment. */
  get sessions() {
    return this.tunnel.snapshot().sessions;
  }

  async close(): Promise<void> {
    this.network.mend();
    await this.tunnel.close();
    await this.network.close();
  }
}

interface Inner {
  readonly wake: Set<(event: WakeEvent) => void>;
}

function events(told: Told): TunnelEvents {
  return {
    recovered: (afterMs, how) => void told.recovered.push({ afterMs, how }),
    gatewayChanged: (from, to) => void told.gateways.push({ from, to }),
    obstacle: (code) => void told.obstacles.push(code),
    connectionsLost: (count) => void (told.connectionsLost += count),
  };
}

function portsOf(
  product: Product,
  person: Person,
  network: Network,
  leases: HandedOut,
  { wake }: Inner,
): TunnelPorts {
  const api = createApi({
    baseUrl: product.apiUrl,
    token: person.account.token,
    fetch: async (request) => {
      await network.reachable();
      return fetch(request);
    },
  });
  const controlPlane = controlPlaneOf(api);
  return {
    controlPlane: {
      ...controlPlane,
      issueLease: async (...asked) => {
        const lease = await controlPlane.issueLease(...asked);
        return leases.add(lease);
      },
    },
    ssm: refusing(ssmSessionsThrough(network.proxies), leases),
    transport: webSocketsThrough(network.proxies),
    effects: systemEffects(),
    debug: () => undefined,
    onWake: (listener) => (wake.add(listener), () => wake.delete(listener)),
  };
}

/** AWS as it is for leases whose time is over, without two minutes of waiting. */
function refusing(ssm: SsmSessions, leases: HandedOut): SsmSessions {
  const useful = async (lease: Lease) => {
    if (leases.over(lease)) throw new Problem('SSM_SESSION_REFUSED', { detail: 'The lease is over.' });
  };
  return {
    start: async (lease, ...rest) => (await useful(lease), ssm.start(lease, ...rest)),
    resume: async (lease, ...rest) => (await useful(lease), ssm.resume(lease, ...rest)),
    terminate: async (lease, ...rest) => (await useful(lease), ssm.terminate(lease, ...rest)),
  };
}

/** A grant of a resource that a policy approves by itself. */
export async function grantByPolicy(person: Person, resource: string, seconds: number): Promise<string> {
  await person.asks(resource, seconds);
  const { body } = await person.get('/grants?view=mine&state=active');
  const { items } = body as { items: { id: string; resource: { name: string } }[] };
  const grant = items.find((one) => one.resource.name === resource);
  if (!grant) throw new Error(`no policy approved ${resource}`);
  return grant.id;
}
