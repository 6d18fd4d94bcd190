import { connectionSettings, PinnedReach, type EndpointRules, type Tunnel } from '@sallyport/connect';
import type { Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import type { NameSettings, Reach, Router } from '@sallyport/tunnel';
import type { HelperConnection, Opened, OpenedByHelper, OpenWish } from '@sallyport/tunnel/helper-messages';
import type { Debug } from '../output/debug.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';
import type { WithHelper } from './choose-via.ts';
import { excludedAddresses, ownHosts } from './excluded.ts';
import { networkOf, type NetworkFacts, type NetworkRoute } from './facts.ts';
import { addressesIn, cataloguedHosts, type KnownName } from './known-names.ts';
import { countersOf, summaryOf, type NetworkCounters, type NetworkSummary } from './network-summary.ts';
import { withNewKeys } from './helper-keys.ts';
import { RouteGrant, type OwnNames } from './route-grant.ts';
import type { NetworkSystem, OpenReach } from './system.ts';
import { virtualNetwork, virtualRanges } from './virtual-range.ts';

export interface OpenNetwork {
  readonly summary: NetworkSummary;
  readonly reach: Reach;
  counters(): NetworkCounters;
  /** Why it is no longer there although nobody closed it; stays pending while it is, and after {@link close}. */
  readonly lost: Promise<Problem>;
  /** The network of this machine may have changed: what stays outside may have other addresses now. */
  refresh(): Promise<void>;
  /** No session is there, for a while: who may not wait is refused. */
  down(): void;
  /** A session is there again: names in the private network may have other addresses now. */
  recovered(): Promise<void>;
  close(): Promise<void>;
}

export interface NetworkWish {
  readonly resource: Resource;
  readonly grantId: string;
  readonly whileDown: 'wait' | 'refuse';
}

export interface NetworkSurroundings {
  readonly world: World;
  readonly server: Server;
  readonly system: NetworkSystem;
  readonly debug: Debug;
}

/** A route grant ends on a whole second, up to one before the grant. */
const endToleranceMs = 2_000;
/** The control plane is asked at the end of a grant; it may be slow. */
const tunnelTellsWithinMs = 30_000;
/** Large packets pass whole, and their checksums are left to the kernel. */
const tun = { via: 'tun', framing: 'vnet' } as const;
/** What the listeners of the packet filter call the responder among themselves; on this machine the helper gives it an address. */
const filterResponder = '100.127.255.254';

/** Everything of a network that this machine decides, before a session is opened: helper, route grant, device, routes. */
export class PreparedNetwork {
  readonly #around: NetworkSurroundings;
  readonly #wish: NetworkWish;
  #helper: HelperConnection;
  readonly #connect: () => Promise<HelperConnection>;
  readonly #via: 'tun' | 'filter';
  readonly #facts: NetworkFacts | null;
  readonly #grant: RouteGrant;
  #own: OwnNames = { names: [], suffixes: [] };
  /** Whole names that the private network answered, where this system knows no other way. */
  #known: readonly KnownName[] = [];
  /** What the helper was asked for and what stands; a change is the whole wish anew. */
  #asked: OpenWish | undefined;
  #stands: Opened | undefined;
  #held: { readonly opened: Opened; readonly fd: number } | undefined;
  /** The device failed under the router while its helper lives: nothing passes any more. */
  readonly #deviceLost = Promise.withResolvers<Problem>();

  private constructor(
    around: NetworkSurroundings,
    wish: NetworkWish,
    { helper, via, connect }: WithHelper,
    grant: RouteGrant,
  ) {
    this.#around = around;
    this.#wish = wish;
    this.#helper = helper;
    this.#connect = connect;
    this.#via = via;
    this.#facts = networkOf(wish.resource);
    this.#grant = grant;
  }

  /** Asks for the route grant and opens the device. Refuses with ROUTE_CONFLICT and what the helper refuses; then nothing is left. */
  static async begin(
    around: NetworkSurroundings,
    wish: NetworkWish,
    chosen: WithHelper,
  ): Promise<PreparedNetwork> {
    let prepared: PreparedNetwork | undefined;
    try {
      const grant = await RouteGrant.ask(around.server, wish.grantId);
      prepared = new PreparedNetwork(around, wish, chosen, grant);
      if (chosen.via === 'tun') await prepared.#openDevice();
      return prepared;
    } catch (error) {
      await (prepared ? prepared.close() : chosen.helper.close());
      throw error;
    }
  }

  /** Joins the device to the tunnel. The prepared things are part of the open network from here on, also when this fails. */
  async join(tunnel: Tunnel, signal: AbortSignal): Promise<OpenNetwork> {
    const { system, server, world, debug } = this.#around;
    const { grantId, whileDown } = this.#wish;
    const { lease } = tunnel;
    if (!lease) throw new Problem('REACH_DOWN');
    const { effects } = world;
    const opened: { reach?: OpenReach; router?: Pick<Router, 'counters' | 'close'> } = {};
    try {
      const reach = this.#facts
        ? await system.reach({
            ...{ tunnel, lease, server, grantId, whileDown, effects, debug, signal },
            rules: rulesOf(this.#around),
          })
        : this.#pinned(tunnel);
      opened.reach = reach;
      const held = this.#held ?? (await this.#openFilter(reach.reach, opened));
      this.#held = undefined;
      opened.router ??= await system.device(this.#deviceSettings(held, reach.reach));
      await this.#findNames(reach.reach);
      return this.#network(tunnel, reach, opened.router);
    } catch (error) {
      await Promise.allSettled([opened.router?.close(), opened.reach?.close(), this.close()]);
      throw error;
    }
  }

  /** Gives back what was opened. */
  async close(): Promise<void> {
    // Nobody reads the device yet: whoever holds its descriptor holds the device.
    if (this.#held !== undefined) this.#around.system.closeDevice(this.#held.fd);
    this.#held = undefined;
    await this.#helper.close();
  }

  #network(
    tunnel: Tunnel,
    { reach, close, down, lost: reachLost }: OpenReach,
    router: Pick<Router, 'counters' | 'close'>,
  ): OpenNetwork {
    const { world } = this.#around;
    let closing: Promise<unknown> | undefined;
    const stopRenewing = this.#grant.renewing(world.effects, () => tunnel.endsAt, {
      change: () => this.#change(),
      debug: this.#around.debug,
    });
    const lost = new Promise<Problem>((resolve) => {
      const lose = async (problem: Problem) => {
        await this.#toldByTunnel(tunnel);
        if (!closing) resolve(problem);
      };
      void this.#helper.ended.then((code) => (code === null ? undefined : lose(lostBecause(code))));
      void this.#deviceLost.promise.then(lose);
      void reachLost?.then(lose);
    });
    const summary = () => this.#summary(tunnel, reach);
    const refresh = () => this.#change().catch((error: unknown) => this.#note('refresh', error));
    return {
      reach,
      lost,
      get summary() {
        return summary();
      },
      counters: () => countersOf(router),
      refresh,
      down: () => down?.(),
      recovered: async () => {
        await refresh();
        await this.#findNames(reach);
      },
      close: async () => {
        stopRenewing();
        // The helper first: no packet finds a half-closed device.
        closing ??= Promise.allSettled([this.#helper.close(), router.close(), close()]);
        await closing;
      },
    };
  }

  /**
   * The helper ends with the grant, to the second, and the device with it. Then it is the tunnel that says so, with who ended it and why; only when it says nothing, or goes on
   * because the grant does, the routes are what is missing.
   */
  async #toldByTunnel(tunnel: Pick<Tunnel, 'endsAt' | 'ended'>): Promise<void> {
    const { clock, timers } = this.#around.world.effects;
    if (clock.now() < Date.parse(tunnel.endsAt) - endToleranceMs) return;
    const patience = new AbortController();
    await Promise.race([
      tunnel.ended,
      timers.wait(tunnelTellsWithinMs, patience.signal).catch(() => undefined),
    ]);
    patience.abort();
  }

  #summary(tunnel: Tunnel, reach: Reach): NetworkSummary {
    const opened = this.#stands;
    if (opened === undefined) throw new Problem('HELPER_LOST');
    const { names, suffixes } = this.#own;
    const own = { names: [...names, ...this.#known], suffixes };
    return summaryOf({ via: this.#via, facts: this.#facts, opened, own, reach, tunnel });
  }

  /** Has whole names written down where this system cannot send the questions of a domain to the private network. */
  async #findNames(reach: Reach): Promise<void> {
    const { server, world } = this.#around;
    const how = this.#stands?.dns.how;
    if (this.#facts === null || how === 'resolved' || how === 'resolver-files') return;
    try {
      const hosts = await cataloguedHosts(server, this.#own);
      const found = await addressesIn(reach, hosts, this.#facts, world.effects);
      if (JSON.stringify(found) === JSON.stringify(this.#known)) return;
      this.#known = found;
      await this.#change();
    } catch (error) {
      // Without them everything but names is well.
      this.#note('names', error);
    }
  }

  async #openDevice(): Promise<void> {
    const common = { routeGrants: [this.#grant.token], exclude: [...(await this.#excluded())] };
    if (this.#facts) {
      this.#own = this.#grant.names;
      const wish = { ...common, ...tun, shape: 'subnet', dns: dnsWish(this.#own) } as const;
      return this.#hold(await this.#open(wish));
    }
    const { name, port } = this.#wish.resource;
    let taken: unknown;
    for (const range of virtualRanges(name)) {
      const { names } = this.#grant.names;
      const own = {
        names: names.map((known) => ({ name: known.name, address: range.resource })),
        suffixes: [],
      };
      const entries = own.names.map((known) => ({
        ...known,
        ports: [['tcp', port ?? 0] as ['tcp', number]],
      }));
      // One connection opens once: each further try has one of its own.
      if (taken !== undefined) this.#helper = await this.#connect();
      try {
        this.#own = own;
        const virtual = { range: range.cidr, entries };
        const wish: OpenWish = { ...common, ...tun, shape: 'virtual', virtual, dns: dnsWish(own) };
        return this.#hold(await this.#open(wish));
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'ROUTE_CONFLICT') throw error;
        this.#note('virtual-range', error);
        taken = error;
        await this.#helper.close();
      }
    }
    throw taken;
  }

  #hold({ opened, fd }: { opened: Opened; fd: number | null }): void {
    if (fd === null) throw new Problem('HELPER_REFUSED', { detail: 'The helper gave no device.' });
    this.#held = { opened, fd };
  }

  #deviceSettings({ opened, fd }: { opened: Opened; fd: number }, reach: Reach) {
    const { device, address4, address6 } = opened;
    return {
      device: {
        ...{ fd, name: device ?? '', framing: opened.framing },
        addresses: [address4, address6].filter((address) => address !== null),
      },
      ...{ routes: this.#routes(), reach, names: this.#nameSettings(opened) },
      ended: (reason: string) =>
        this.#deviceLost.resolve(
          new Problem('ROUTE_DEVICE_FAILED', { detail: `${device ?? 'The device'}: ${reason}.` }),
        ),
      ...this.#effectsAndDebug(),
    };
  }

  #nameSettings({
    responder4,
    responder6,
  }: Pick<Opened, 'responder4' | 'responder6'>): NameSettings | undefined {
    const responder = responder4 ?? responder6;
    return responder === null ? undefined : { responder, ...this.#own };
  }

  #effectsAndDebug() {
    const { world, debug } = this.#around;
    return { effects: world.effects, debug: (happening: string) => debug('router', { happening }) };
  }

  async #openFilter(
    reach: Reach,
    into: { router?: Pick<Router, 'counters' | 'close'> },
  ): Promise<{ opened: Opened; fd: number }> {
    this.#own = this.#grant.names;
    const router = await this.#around.system.filter({
      ...{ routes: this.#routes(), reach, names: { responder: filterResponder, ...this.#own } },
      ...this.#effectsAndDebug(),
    });
    into.router = router;
    const { namesPort } = router;
    const listeners = router.listeners.flatMap(({ cidr, ports, proto, to }) =>
      ports.map(([first, last]) => ({
        ...{ to: cidr, proto, listener: to },
        ports: [Math.max(first, 1), last] as [number, number],
      })),
    );
    const { opened } = await this.#open({
      ...{ via: 'filter', shape: 'subnet', routeGrants: [this.#grant.token], listeners },
      exclude: [...(await this.#excluded())],
      dns: { ...dnsWish(this.#own), ...(namesPort === null ? {} : { listener: namesPort }) },
    });
    return { opened, fd: -1 };
  }

  /** The wish anew, whole, with what may have changed: the route grant, the addresses outside, the names. */
  async #change(): Promise<void> {
    const { virtual, listeners, dns } = this.#asked ?? {};
    const { names, suffixes } = dnsWish(this.#own);
    const wish = {
      ...(virtual && { virtual }),
      ...(listeners && { listeners }),
      routeGrants: [this.#grant.token],
      exclude: [...(await this.#excluded())],
      dns: { ...dns, names: [...names, ...this.#known], suffixes },
    };
    const { server } = this.#around;
    this.#stands = await withNewKeys(server, this.#helper, () => this.#helper.change(wish));
  }

  async #open(wish: OpenWish): Promise<OpenedByHelper> {
    const done = await withNewKeys(this.#around.server, this.#helper, () => this.#helper.open(wish));
    this.#asked = wish;
    this.#stands = done.opened;
    return done;
  }

  #excluded(): Promise<readonly string[]> {
    const { world, server, system } = this.#around;
    const hosts = ownHosts(world, server.address, this.#wish.resource.region);
    return excludedAddresses(hosts, system, this.#facts ? this.#grant.cidrs : [virtualNetwork]);
  }

  #routes(): readonly NetworkRoute[] {
    if (this.#facts) return this.#facts.routes;
    const port = this.#wish.resource.port ?? 0;
    return dnsWish(this.#own).names.map(({ address }) => ({
      cidr: `${address}/32`,
      ports: [[port, port]],
      proto: 'tcp',
    }));
  }

  #pinned(tunnel: Tunnel): OpenReach {
    const port = this.#wish.resource.port ?? 0;
    const at = dnsWish(this.#own).names.map(({ address }) => ({ address, port }));
    const reach = new PinnedReach(tunnel, { at, whileDown: this.#wish.whileDown });
    return { reach, close: async () => undefined };
  }

  #note(what: string, error: unknown): void {
    this.#around.debug('network', { what, code: (error as { code?: string }).code ?? 'failed' });
  }
}

/** Where AWS may be, by the person's own settings. */
export function rulesOf({ world, server }: Pick<NetworkSurroundings, 'world' | 'server'>): EndpointRules {
  return { controlPlane: server.address, ...connectionSettings(world.env) };
}

function dnsWish({ names, suffixes }: OwnNames) {
  const known = names.flatMap(({ name, address }) => (address === null ? [] : [{ name, address }]));
  return { names: known, suffixes: [...suffixes] };
}

function lostBecause(code: string): Problem {
  if (code === 'GRANT_ENDED') return new Problem('REACH_ENDED');
  if (code === 'HELPER_LISTENER_FOREIGN') return new Problem(code);
  return new Problem('HELPER_LOST', {
    detail:
      code === 'HELPER_STOPPED'
        ? 'The privileged helper was stopped, and with it the routes.'
        : 'The privileged helper is gone, and with it the routes.',
  });
}
