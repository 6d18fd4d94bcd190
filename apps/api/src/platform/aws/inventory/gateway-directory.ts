import type { Gateway } from '@sallyport/catalog';
import type { Clock } from '@sallyport/effects';
import type { GatewayInstance, GatewayInventory } from './gateway-inventory.ts';

/** The tag by which an owner closes a gateway; searched without, so that closed can be told from absent. */
export const gatewaySwitchTag = 'AccessGranted';

/** For screens: as old as this at most. Leases ask anew. */
const keptForMs = 10_000;

/** How a gateway stands, for people to see. */
export interface GatewaySight {
  readonly instanceId: string | null;
  /** Its Name tag. */
  readonly instanceName: string | null;
  readonly state: 'online' | 'lost' | 'stopped' | 'unknown';
}

/** How the instances of a gateway stand, sorted by what that means to somebody who wants to pass. */
export interface GatewayChoice {
  /** Open by every tag of the selector and online, by id. */
  readonly usable: readonly GatewayInstance[];
  /** Open by every tag, but the agent does not answer or the machine stands still. */
  readonly absent: readonly GatewayInstance[];
  /** Closed by its owner's tag. */
  readonly closed: readonly GatewayInstance[];
}

/** Chooses gateways by their tags, and remembers for a moment how they stood. */
export class GatewayDirectory {
  readonly #inventory: GatewayInventory;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly at: number; readonly sight: Promise<GatewaySight> }>();

  constructor(inventory: GatewayInventory, clock: Clock) {
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** The present instances of a gateway. Refuses with AWS_* codes. */
  async choose(gateway: Gateway): Promise<GatewayChoice> {
    const selector = Object.fromEntries(
      Object.entries(gateway.selector).filter(([key]) => key !== gatewaySwitchTag),
    );
    const found = await this.#inventory.find({
      accountId: gateway.account.id,
      region: gateway.region,
      selector,
      ...(gateway.hybrid ? { hybrid: true } : {}),
    });
    const open = found.filter(({ tags }) =>
      Object.entries(gateway.selector).every(([key, value]) => tags[key] === value),
    );
    return {
      usable: open.filter(({ state }) => state === 'online'),
      absent: open.filter(({ state }) => state !== 'online'),
      closed: found.filter((instance) => !open.includes(instance)),
    };
  }

  /** The same for a screen: at most 10 s old, and `unknown` rather than an error. */
  look(gateway: Gateway): Promise<GatewaySight> {
    const now = this.#clock.now();
    const kept = this.#kept.get(gateway.name);
    if (kept && now - kept.at < keptForMs) return kept.sight;
    const sight = this.choose(gateway).then(
      ({ usable, absent }): GatewaySight => {
        const seen = usable[0] ?? absent[0];
        return seen
          ? { instanceId: seen.instanceId, instanceName: seen.tags['Name'] ?? null, state: seen.state }
          : { instanceId: null, instanceName: null, state: 'stopped' };
      },
      (): GatewaySight => ({ instanceId: null, instanceName: null, state: 'unknown' }),
    );
    this.#kept.set(gateway.name, { at: now, sight });
    return sight;
  }
}
