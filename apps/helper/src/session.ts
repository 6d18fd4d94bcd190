import type { Effects, TimerHandle } from '@sallyport/effects';
import type { RouteGrantClaims } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import {
  addressText,
  networkText,
  refuseConflicts,
  refuseForeignListeners,
  refuseTakenListeners,
  type Capture,
  type EdgePlan,
  type ExistingRoute,
  type Listener,
  type Network,
  type Slot,
} from '@sallyport/tunnel/edge/privileged';
import type { HelperReply, HelperRequest, HelperStatus, Opened } from '@sallyport/tunnel/helper-messages';
import type { Edge, StandingSet } from './edge/edge.ts';
import { judgeWish, type Judged, type Wish } from './judge/judge-wish.ts';
import { pageOf, type SetReport } from './status-pages.ts';
import {
  deviceOf,
  deviceRange6,
  freeDeviceRange,
  responderOf,
  type Entry,
  type Registry,
} from './registry.ts';

/** What a session needs of the helper around it. */
export interface SessionPorts {
  readonly effects: Pick<Effects, 'clock' | 'timers'>;
  readonly edge: Edge;
  readonly registry: Registry;
  /** Verifies signature, issuer, audience and times. @throws Problem. */
  verify(token: string): Promise<RouteGrantClaims>;
  /** Moves the trust along signed sets of keys. @throws Problem SIGNED_TOKEN_*. */
  follow(keySets: readonly string[]): Promise<void>;
  /** Who is trusted and what was swept, for `status`. */
  account(): Pick<HelperStatus, 'version' | 'issuers' | 'swept'>;
  /** Sends a reply; with a descriptor it goes beside the reply's first byte. */
  reply(reply: HelperReply, descriptor?: number): void;
  /** Ends the connection after what was sent. */
  hangUp(): void;
}

/** How often a running set is compared with the wall clock: a machine that slept must not have a longer grant. */
const clockCheckMs = 10_000;

/** One client: at most one set, which its end takes with it. Requests are answered one after the other. */
export class Session {
  readonly #uid: number;
  readonly #ports: SessionPorts;
  #entry: Entry | null = null;
  #wish: Wish | null = null;
  #check: TimerHandle | null = null;
  #over = false;

  constructor(uid: number, ports: SessionPorts) {
    this.#uid = uid;
    this.#ports = ports;
  }

  /** Answers one request; a refusal is an answer, too. */
  async take(request: HelperRequest): Promise<void> {
    try {
      switch (request.type) {
        case 'open':
          return await this.#open(request.routeGrants, request);
        case 'change':
          return await this.#change(request.routeGrants, request);
        case 'follow-keys':
          await this.#ports.follow(request.keySets);
          return this.#ports.reply({ type: 'keys', issuers: this.#ports.account().issuers });
        case 'status':
          return this.#ports.reply(await this.#status(request.from ?? 0));
        case 'close':
          await this.end();
          this.#ports.reply({ type: 'closed' });
          return this.#ports.hangUp();
      }
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause;
      this.#ports.reply(refused(cause));
    }
  }

  /** Takes everything away; with a code the client is told first why. */
  async end(code?: string): Promise<void> {
    this.#over = true;
    if (this.#check !== null) this.#ports.effects.timers.cancel(this.#check);
    this.#check = null;
    await this.#ports.registry.alone(async () => {
      const entry = this.#entry;
      this.#entry = null;
      if (entry === null) return;
      await entry.set.drop();
      this.#ports.registry.delete(entry.set.plan.slot.number);
    });
    if (code !== undefined) {
      this.#ports.reply({ type: 'ended', code });
      this.#ports.hangUp();
    }
  }

  async #open(tokens: readonly string[], wish: Wish): Promise<void> {
    if (this.#entry !== null || this.#over)
      throw new Problem('HELPER_PROTOCOL', { detail: 'A connection opens once.' });
    const judged = await this.#judged(tokens, wish);
    await this.#ports.registry.alone(async () => {
      const { registry, edge } = this.#ports;
      // The client may have gone while others were served.
      if (this.#over) return;
      registry.refuseForeignGrants(this.#uid, judged.grantIds);
      const slot = registry.freeSlot(this.#uid);
      const existing = [...(await edge.existingRoutes()), ...registry.ownRoutes(this.#uid)];
      const plan = await this.#plan(wish, judged, slot, existing);
      refuseForeignListeners(plan.captures, this.#uid, await this.#listeners(plan));
      const set = await edge.raise(plan);
      this.#entry = { uid: this.#uid, judged, set };
      this.#wish = wish;
      registry.put(this.#entry);
      const descriptor = set.descriptor();
      try {
        this.#ports.reply(opened(set, judged), descriptor ?? undefined);
      } catch (cause) {
        // An answer too long to be sent is a refusal, and what is refused does not stand.
        await set.drop();
        registry.delete(slot.number);
        this.#entry = null;
        throw cause;
      }
      set.releaseDescriptor();
    });
    if (this.#entry !== null) this.#watchClock();
  }

  async #change(
    tokens: readonly string[],
    wanted: Omit<Wish, 'via' | 'shape' | 'mtu' | 'framing'>,
  ): Promise<void> {
    if (this.#wish === null)
      throw new Problem('HELPER_PROTOCOL', { detail: 'Nothing is open to be changed.' });
    const { via, shape, mtu, framing } = this.#wish;
    const wish = { ...wanted, via, shape, mtu, framing };
    const judged = await this.#judged(tokens, wish);
    await this.#ports.registry.alone(async () => {
      const entry = this.#entry;
      if (entry === null) throw new Problem('GRANT_ENDED');
      const { registry, edge } = this.#ports;
      registry.refuseForeignGrants(this.#uid, judged.grantIds);
      const { plan: before } = entry.set;
      const existing = [
        ...(await edge.existingRoutes()),
        ...registry.ownRoutes(this.#uid, before.slot.number),
      ];
      const plan = await this.#plan(wish, judged, before.slot, existing, before);
      refuseForeignListeners(plan.captures, this.#uid, await this.#listeners(plan));
      try {
        await entry.set.change(plan);
      } catch (cause) {
        await entry.set.drop();
        registry.delete(before.slot.number);
        this.#entry = null;
        throw cause;
      }
      this.#entry = { ...entry, judged };
      registry.put(this.#entry);
      this.#ports.reply(opened(entry.set, judged));
    });
  }

  async #judged(tokens: readonly string[], wish: Wish): Promise<Judged> {
    const grants = await Promise.all(
      tokens.map((token) =>
        this.#ports.verify(token).catch((cause: unknown) => {
          if (!(cause instanceof Problem))
            throw new Problem('HELPER_GRANT_INVALID', { detail: 'The signature cannot be read.', cause });
          const { code, detail } = cause;
          const rotated = code === 'SIGNED_TOKEN_KEY_UNKNOWN';
          throw new Problem(rotated ? 'HELPER_KEYS_OLD' : 'HELPER_GRANT_INVALID', { detail, cause });
        }),
      ),
    );
    return judgeWish(wish, grants);
  }

  /** From what is granted to what is to stand: addresses are chosen here, and conflicts refused before anything is changed. */
  async #plan(
    wish: Wish,
    judged: Judged,
    slot: Slot,
    existing: readonly ExistingRoute[],
    before?: EdgePlan,
  ): Promise<EdgePlan> {
    const { routes, excluded, range } = judged;
    const foreign = existing.filter(({ device }) => device !== slot.device);
    refuseConflicts(range === null ? routes : [range], foreign, excluded);
    const has6 = routes.some(({ version }) => version === 6);
    const range4 = range ?? freeDeviceRange([...routes, ...foreign.map(({ to }) => to)]);
    const address6 = has6 ? (before?.address6 ?? deviceOf(deviceRange6())) : null;
    const address4 = before?.address4 ?? deviceOf(range4);
    const responder4 = judged.wantsResponder ? (before?.responder4 ?? responderOf(range4)) : null;
    return {
      slot,
      via: wish.via,
      uid: this.#uid,
      mtu: before?.mtu ?? judged.mtu,
      framing: this.#ports.edge.framing ?? wish.framing,
      address4,
      address6,
      responder4,
      responder6:
        address6 !== null && judged.wantsResponder ? { ...address6, first: address6.first + 1n } : null,
      routes,
      excluded,
      captures: [...judged.captures, ...responderCaptures(judged, responder4)],
      names: judged.names,
      suffixes: judged.suffixes,
      resolverUid: judged.wantsResponder ? await this.#ports.edge.resolverUid() : null,
    };
  }

  /** Only the packet filter has listeners; without them nobody's sockets are looked at. */
  async #listeners({ captures }: EdgePlan): Promise<Listener[]> {
    return captures.length === 0 ? [] : this.#ports.edge.listeners();
  }

  /** A port that the client gave up may have gone to another user, whom the filter would keep from everybody. */
  async #watchListeners(): Promise<void> {
    const plan = this.#entry?.set.plan;
    if (plan === undefined) return;
    // What cannot be looked at now is looked at again.
    const listeners = await this.#listeners(plan).catch(() => []);
    try {
      refuseTakenListeners(plan.captures, this.#uid, listeners);
    } catch {
      if (this.#entry?.set.plan === plan) await this.end('HELPER_LISTENER_FOREIGN');
    }
  }

  #watchClock(): void {
    const { effects } = this.#ports;
    const endsAt = this.#entry?.judged.endsAt;
    if (endsAt === undefined) return;
    const left = endsAt - effects.clock.now();
    if (left <= 0) return void this.end('GRANT_ENDED');
    this.#check = effects.timers.after(Math.min(left, clockCheckMs), () => {
      this.#watchClock();
      void this.#watchListeners();
    });
  }

  /** What the asker may see, from the set with the number `from` on, as far as it fits into a message. */
  async #status(from: number): Promise<HelperReply> {
    const visible = () =>
      this.#ports.registry.entries.filter(({ uid }) => this.#uid === 0 || uid === this.#uid);
    const numberOf = ({ set }: Entry) => set.plan.slot.number;
    const numbers = visible()
      .map(numberOf)
      .filter((number) => number >= from)
      .sort((one, other) => one - other);
    const page = await pageOf(numbers, async (number) => {
      const entry = visible().find((one) => numberOf(one) === number);
      return entry === undefined ? null : reported(entry);
    });
    const { swept, ...account } = this.#ports.account();
    return { type: 'status', ...account, swept: from === 0 ? swept : [], ...page };
  }
}

async function reported({ uid, judged, set }: Entry): Promise<SetReport> {
  const { via, slot } = set.plan;
  return {
    ...{ device: via === 'tun' ? slot.device : null, via, uid },
    ...{ grants: [...judged.grantIds], endsAt: judged.endsAt, sections: await set.report() },
  };
}

function opened(set: StandingSet, judged: Judged): Opened {
  const { plan, dns } = set;
  const text = (one: Network | null) => (one === null ? null : addressText(one));
  const byDevice = plan.via === 'tun';
  return {
    type: 'opened',
    device: byDevice ? plan.slot.device : null,
    address4: byDevice ? text(plan.address4) : null,
    address6: byDevice ? text(plan.address6) : null,
    responder4: text(plan.responder4),
    responder6: text(plan.responder6),
    mtu: plan.mtu,
    framing: plan.framing,
    routes: plan.routes.map(networkText),
    excluded: plan.excluded.map(networkText),
    rules: [...set.rules()],
    dns: { how: dns.how, details: [...dns.details] },
    uid: plan.uid,
    endsAt: judged.endsAt,
  };
}

/** By filter, questions to the responder's address go to the client's own responder on loopback. */
function responderCaptures({ responderListener }: Judged, responder: Network | null): Capture[] {
  if (responder === null || responderListener === null) return [];
  return (['udp', 'tcp'] as const).map((proto) => ({
    to: responder,
    ports: [53, 53] as const,
    proto,
    listener: responderListener,
  }));
}

function refused(problem: Problem): HelperReply {
  const { existing } = (problem.occurrence.extensions ?? {}) as { existing?: string[] };
  const base = { type: 'refused', code: problem.code, detail: problem.detail } as const;
  return existing === undefined ? base : { ...base, existing };
}
