import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Grant } from '@sallyport/api-client';
import {
  connectionSettings,
  duplexPair,
  HostKeyGate,
  isSshLease,
  proxiesOfEnvironment,
  PushedKey,
  pushThrough,
  type SshLease,
  type Tunnel,
} from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { exitCodes } from '../exit-codes.ts';
import { tunnelLine } from '../output/tunnel-lines.ts';
import { clean } from '../output/text.ts';
import { endInTime } from '../process/end-in-time.ts';
import { LiveChannel } from '../server/live-channel.ts';
import type { Waiting } from '../stories/await-decision.ts';
import { openTunnel, type OpenTunnel } from '../stories/open-tunnel.ts';
import { listResources } from '../stories/resources.ts';
import { grantEnded } from '../stories/tunnel-end.ts';
import type { TunnelEvent } from '../stories/tunnel-event.ts';
import { Interrupted } from '../world.ts';
import { AgentSocket } from './agent-socket.ts';
import { findHost, type SshHost } from './find-host.ts';
import { handOn } from './hand-on.ts';
import { hearEnd, hearing, orGone } from './hang-up.ts';
import { heldGrant } from './held-grant.ts';
import { HostKeyFiles } from './host-key-files.ts';
import { agentPath, sshPlaces } from './places.ts';
import { refreshHosts } from './refresh-hosts.ts';

/** What ssh says of the connection it wants. */
export interface ProxyWish {
  /** `%h`: a resource, an instance id or a Name tag. */
  readonly host: string;
  /** `%p`. */
  readonly port: number;
  /** `%r`; undefined where it was not told. */
  readonly user: string | undefined;
  /** Where the bytes of SSH come from and go to; nothing else is written there. */
  readonly bytes: { readonly from: Readable; readonly to: Writable };
}

/**
 * `tunnel proxy`: carries one SSH connection between ssh and the host, offers ssh a key that lives a minute, and judges the host's key. Resolves when
 * the connection is over; refuses with what stood in its way, SSH_HOST_KEY_CHANGED and GRANT_ENDED among it.
 */
export async function proxyStory(asking: Waiting, wish: ProxyWish): Promise<number> {
  const { world, server, debug } = asking;
  const stopping = new AbortController();
  const stop = world.onSignal(() => stopping.abort(new Interrupted()));
  const giveBack = hearEnd(wish.bytes.from, () => stopping.abort(new Interrupted()));
  const inTime = endInTime(world);
  const live = new LiveChannel({ server, effects: world.effects, debug });
  let carrying: SshCarrying | undefined;
  let open: OpenTunnel | undefined;
  try {
    const { host, grant } = await orGone(granted(asking, wish, stopping.signal), stopping.signal);
    const told = (event: TunnelEvent) => {
      carrying?.happened(event);
      sayToPerson(asking, event);
    };
    open = await openTunnel(
      { world, server, debug, report: told },
      { resource: host.resource, grant, at: { on: 'stdio' }, live, beside: true },
      stopping.signal,
    );
    carrying = await SshCarrying.begin(asking, { wish, host, grant, giveBack, tunnel: open.tunnel });
    await carrying.over(stopping.signal);
    return exitCodes.done;
  } catch (error) {
    // ssh hung up: nobody is there to be told.
    if (stopping.signal.aborted) return exitCodes.done;
    throw error;
  } finally {
    stop();
    await Promise.all([carrying?.end(), open?.dispose()]);
    live.close();
    inTime();
  }
}

/** The host that is meant and the grant for it, which a person may have to be asked for, or a reviewer be waited for. */
async function granted(
  asking: Waiting,
  wish: ProxyWish,
  stop: AbortSignal,
): Promise<{ host: SshHost; grant: Grant }> {
  const resources = await listResources(asking.server, []);
  // A host that is new in the catalogue is known to the next ssh.
  await refreshHosts(asking, () => resources);
  const host = findHost(resources, wish.host, wish.user);
  refuseOther(host, wish);
  return { host, grant: await heldGrant({ ...asking, world: hearing(asking.world, stop) }, host.resource) };
}

/** A user or port other than the granted ones is told in words: ssh would only say that something was denied or closed. */
function refuseOther({ resource, user, port, ownKey }: SshHost, wish: ProxyWish): void {
  const name = clean(resource.name);
  if (wish.port !== port)
    throw new Problem('SSH_PORT_OTHER', { detail: `${name} is granted on port ${port}, not ${wish.port}.` });
  if (ownKey && wish.user !== undefined && wish.user !== user)
    throw new Problem('SSH_USER_OTHER', {
      detail: `${name} is granted for ${clean(user)}, not for "${clean(wish.user).slice(0, 40)}": ssh ${clean(user)}@${clean(wish.host)}`,
    });
}

/** While ssh has the terminal, little is said: what a person must act on. */
function sayToPerson(asking: Waiting, event: TunnelEvent): void {
  if (event.event !== 'warning') return;
  const line = tunnelLine(event);
  if (line !== undefined) sayBesideSsh(asking, line);
}

/** ssh may hold the terminal in raw mode, where a line begins below the end of the one before. */
function sayBesideSsh({ world, printer }: Waiting, line: string): void {
  printer.say(world.stderr.isTTY ? `\r${line}\r` : line);
}

interface CarryingParts {
  readonly wish: ProxyWish;
  readonly host: SshHost;
  readonly grant: Grant;
  readonly tunnel: Tunnel;
  /** Puts back what ssh has said so far. */
  readonly giveBack: () => void;
}

/** One SSH connection on its way through a tunnel. */
class SshCarrying {
  readonly #asking: Waiting;
  readonly #parts: CarryingParts;
  readonly #lease: SshLease;
  readonly #instanceId: string;
  readonly #way: Duplex;
  readonly #keys: HostKeyFiles;
  readonly #key: PushedKey | undefined;
  readonly #failed = Promise.withResolvers<never>();
  #agent: AgentSocket | undefined;
  #hostKey: Buffer | undefined;
  #used = false;
  /** Hears no more of what ssh says. */
  #letGo: () => void = () => undefined;
  #done: Promise<void> = Promise.resolve();

  private constructor(
    asking: Waiting,
    parts: CarryingParts,
    way: { readonly stream: Duplex; readonly instanceId: string; readonly lease: SshLease },
  ) {
    this.#asking = asking;
    this.#parts = parts;
    this.#way = way.stream;
    this.#instanceId = way.instanceId;
    this.#lease = way.lease;
    const { hostKeys: recorded, instanceConnect } = this.#lease.ssh;
    const { host } = parts.wish;
    this.#keys = new HostKeyFiles(asking.world, sshPlaces(asking.world), {
      ...{ host, recorded },
      instanceId: this.#instanceId,
    });
    this.#failed.promise.catch(() => undefined);
    if (instanceConnect && !this.#instanceId.startsWith('mi-')) this.#key = this.#pushedKey();
  }

  /** Begins to carry, once a session has taken the connection. */
  static async begin(asking: Waiting, parts: CarryingParts): Promise<SshCarrying> {
    const { tunnel, wish } = parts;
    const [stream, far] = duplexPair();
    const instanceId = await new Promise<string>((resolve, reject) => {
      stream.once('error', () => reject(new Problem('CHANNEL_LOST')));
      tunnel.carry(far, { placed: resolve });
    });
    const lease = tunnel.lease;
    if (!lease || !isSshLease(lease))
      throw new Problem('SSH_FAILED', { detail: 'The lease leads to no sshd.' });
    if (/^m?i-[0-9a-f]+$/u.test(wish.host) && wish.host !== instanceId)
      throw new Problem('SSH_HOST_OTHER', {
        detail: `The session leads to ${instanceId}, not to ${wish.host}.`,
      });
    const carrying = new SshCarrying(asking, parts, { stream, instanceId, lease });
    await carrying.#start();
    return carrying;
  }

  async #start(): Promise<void> {
    const { wish, giveBack } = this.#parts;
    const { world } = this.#asking;
    await this.#keys.tellKnown();
    const key = this.#key;
    if (key) {
      const path = agentPath(sshPlaces(world), wish.user ?? this.#lease.ssh.user, wish.host);
      this.#agent = await AgentSocket.open(world, path, {
        keys: async () => [await key.inPlace()],
        hostKey: () => this.#hostKey,
        used: () => void (this.#used = true),
      });
      // Handed over while the key exchange is under way; who needs it waits for it.
      key.inPlace().catch(() => undefined);
    }
    const gate = new HostKeyGate({
      offered: (curve25519) => void (curve25519 || key?.preferRsa()),
      shown: async (shown) => {
        const first = await this.#keys.judge(shown);
        // A program that reads what ssh says is not told in a person's place.
        if (first !== undefined && world.stderr.isTTY) sayBesideSsh(this.#asking, first);
        this.#hostKey = shown;
        await key?.inPlace();
        await this.#agent?.publish();
      },
      verified: (shown) => void this.#keys.remember(shown).catch(() => undefined),
    });
    for (const stream of [gate.down, gate.up, this.#way, wish.bytes.from, wish.bytes.to])
      stream.on('error', (error) => this.#failed.reject(error));
    giveBack();
    this.#letGo = handOn(wish.bytes.from, gate.up, world.effects.timers);
    gate.up.pipe(this.#way).pipe(gate.down).pipe(wish.bytes.to);
    this.#done = finished(gate.down, { writable: false }).catch(() => undefined);
  }

  /** What befell the tunnel: a key that was not used yet may have run out meanwhile. */
  happened({ event }: TunnelEvent): void {
    if (event !== 'recovered' || this.#used) return;
    this.#key?.renew();
    this.#key?.inPlace().catch(() => undefined);
  }

  /** Resolves when either side has ended the connection in order; refuses with what broke it. */
  async over(stop: AbortSignal): Promise<void> {
    const { tunnel, host } = this.#parts;
    const stopped = new Promise<never>((_, reject) =>
      stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true }),
    );
    const ended = tunnel.ended.then(({ order, problem }) => {
      const why = order ? grantEnded(host.resource, order) : problem;
      if (why) throw why;
    });
    try {
      if (stop.aborted) throw stop.reason;
      await Promise.race([this.#done, this.#failed.promise, stopped, ended]);
    } catch (error) {
      if (error instanceof Problem || stop.aborted) throw error;
      // Cut off: the grant may be why, and word of it slower than the cut.
      await tunnel.ask();
      if (tunnel.end) await ended;
      throw new Problem('CHANNEL_LOST', { cause: error });
    }
  }

  async end(): Promise<void> {
    this.#letGo();
    this.#way.destroy();
    await this.#agent?.close();
  }

  #pushedKey(): PushedKey {
    const { world, server, debug } = this.#asking;
    const { tunnel } = this.#parts;
    const rules = { controlPlane: server.address, ...connectionSettings(world.env) };
    return new PushedKey({
      pushKey: pushThrough(proxiesOfEnvironment, rules),
      effects: world.effects,
      debug,
      lease: async () => {
        const lease = await tunnel.freshLease(new AbortController().signal);
        if (isSshLease(lease) && lease.instanceId === this.#instanceId) return lease;
        throw new Problem('SSH_HOST_OTHER', {
          detail: `The session leads to ${this.#instanceId}, the newest lease to ${lease.instanceId}.`,
        });
      },
    });
  }
}
