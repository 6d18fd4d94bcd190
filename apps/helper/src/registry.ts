import { randomInt } from 'node:crypto';
import { Problem } from '@sallyport/problems';
import {
  hostOf,
  network,
  overlaps,
  slot,
  slotCount,
  type ExistingRoute,
  type Network,
  type Slot,
} from '@sallyport/tunnel/edge/privileged';
import type { StandingSet } from './edge/edge.ts';
import type { Judged } from './judge/judge-wish.ts';

/** One client's set and whose it is. */
export interface Entry {
  readonly uid: number;
  readonly judged: Judged;
  readonly set: StandingSet;
}

/** Sets one user may hold at once; {@link slotCount} bounds them all. */
export const setsPerUserMax = 16;

/** Devices of subnets get an address out of here (RFC 2544); their IPv6 address is unique local (RFC 4193). */
const devicePool = network('198.18.0.0/15');

/** All sets of this helper. Changes are made one after the other: each is judged by what stands then. */
export class Registry {
  readonly #entries = new Map<number, Entry>();
  #last: Promise<unknown> = Promise.resolve();

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** Runs `work` alone. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work, work);
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** A number that nobody has. Refuses HELPER_LIMITED. */
  freeSlot(uid: number): Slot {
    const own = this.entries.filter((entry) => entry.uid === uid).length;
    const number = Array.from({ length: slotCount }, (_, at) => at).find((at) => !this.#entries.has(at));
    if (own >= setsPerUserMax || number === undefined)
      throw new Problem('HELPER_LIMITED', {
        detail: `${own} networks are open for this user, ${this.#entries.size} on this machine.`,
      });
    return slot(number);
  }

  /** Refuses HELPER_GRANT_IN_USE when another user holds one of these grants. */
  refuseForeignGrants(uid: number, grantIds: readonly string[]): void {
    const taken = this.entries.find(
      (entry) => entry.uid !== uid && entry.judged.grantIds.some((id) => grantIds.includes(id)),
    );
    if (taken !== undefined) throw new Problem('HELPER_GRANT_IN_USE');
  }

  /** Routes of this user's other sets: those of other users do not meet ours. */
  ownRoutes(uid: number, except?: number): ExistingRoute[] {
    return this.entries
      .filter((entry) => entry.uid === uid && entry.set.plan.slot.number !== except)
      .flatMap(({ set: { plan } }) =>
        plan.routes.map((to) => ({ to, device: plan.slot.device, via: null, table: 'main' })),
      );
  }

  put(entry: Entry): void {
    this.#entries.set(entry.set.plan.slot.number, entry);
  }

  delete(number: number): void {
    this.#entries.delete(number);
  }
}

/** A /30 for a subnet's device and responder that meets nothing that this machine reaches or will reach. */
export function freeDeviceRange(taken: readonly Network[]): Network {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const candidate = {
      version: 4,
      first: devicePool.first + BigInt(randomInt(2 ** 15)) * 4n,
      prefix: 30,
    } as const;
    if (!taken.some((one) => one.prefix > 1 && overlaps(one, candidate))) return candidate;
  }
  throw new Problem('HELPER_LIMITED', { detail: 'No address for a device is free.' });
}

/** A unique local /126: 40 random bits as RFC 4193 asks, so that no other network on earth is likely to have it. */
export function deviceRange6(): Network {
  const random = (BigInt(randomInt(2 ** 20)) << 20n) | BigInt(randomInt(2 ** 20));
  return { version: 6, first: (0xfdn << 120n) | (random << 80n), prefix: 126 };
}

/** First host of a range is the device, second the responder. */
export const deviceOf = (range: Network) => hostOf(range, 1);
export const responderOf = (range: Network) => hostOf(range, 2);
