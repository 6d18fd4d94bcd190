import { closeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { prepareForRelaying } from '@sallyport/effects/memory';
import { Problem } from '@sallyport/problems';
import { parseAddress, contains } from '../packet/address.ts';
import { payloadOf, udpReply } from '../packet/answers.ts';
import { PacketView } from '../packet/packet-view.ts';
import { responderNetwork, type FilterSettings } from '../filter/filter.ts';
import { readRules, type Rule } from '../filter/rule.ts';
import { verdict } from '../filter/verdict.ts';
import type { HandedPacket, TunReader } from '../edge/tun-reader.ts';
import type { TcpEnds } from '../edge/tcp-ends.ts';
import { startReader } from '../edge/start-reader.ts';
import type { ToTunWorker } from '../edge/tun-worker-messages.ts';
import type { Destination } from '../reach/reach.ts';
import type { NameSettings, Router, RouterCounters, RouterSettings } from './contract.ts';
import { DatagramSide } from './datagram-side.ts';
import { NameResponder } from './name-responder.ts';
import { NameStreams } from './name-streams.ts';
import { TcpSide } from './tcp-side.ts';
import type { Failure } from './failure.ts';

/** Connections at once, and how many may wait for the far side: enough for a browser of many tabs, not for a scan. */
const flowsMax = 8_192;
const heldMax = 512;

/**
 * Carries what the person's programs send into the device to the reach, as far as the grant goes. Throws a TypeError for a route that is none, and
 * ROUTE_DEVICE_FAILED when the device cannot be read.
 */
export async function startRouter(settings: RouterSettings): Promise<Router> {
  prepareForRelaying();
  try {
    return await DeviceRouter.start(settings);
  } catch (error) {
    // The descriptor is the router's from the beginning: without one it would be nobody's.
    closeSync(settings.device.fd);
    throw error;
  }
}

class DeviceRouter implements Router {
  readonly #settings: RouterSettings;
  readonly #debug: (message: string) => void;
  readonly #tcp: TcpSide;
  readonly #datagrams: DatagramSide;
  readonly #ending = new AbortController();
  readonly #view = new PacketView();
  #thread: TunReader | undefined;
  #rules: readonly Rule[];
  #responder: NameResponder | undefined;
  /** Questions over TCP. */
  readonly #nameStreams: NameStreams;
  #raw: { send(packet: Uint8Array): void; close(): void } | undefined;
  #closing: Promise<void> | undefined;

  private constructor(settings: RouterSettings, tcp: TcpSide, datagrams: DatagramSide) {
    this.#settings = settings;
    this.#debug = settings.debug ?? (() => undefined);
    this.#tcp = tcp;
    this.#datagrams = datagrams;
    this.#rules = readRules(0, settings.routes);
    this.#responder = this.#makeResponder(settings.names);
    this.#nameStreams = new NameStreams(
      settings.effects,
      async (...asked) => await this.#responder?.answer(...asked),
    );
  }

  static async start(settings: RouterSettings): Promise<DeviceRouter> {
    const { device, reach, effects } = settings;
    const debug = settings.debug ?? (() => undefined);
    const link: { router?: DeviceRouter; thread?: TunReader } = {};
    const tell = (message: ToTunWorker) => link.thread?.tell(message);
    const reading = await readingOf(settings);
    const ends =
      reading === 'loop' && settings.ending !== 'kernel'
        ? await endsOf(settings, () => link.thread?.lost())
        : undefined;
    const tcp = await TcpSide.start({
      ends,
      addresses: device.addresses,
      effects,
      debug,
      open: async (to, network, signal) => {
        if (link.router === undefined) throw new Problem('REACH_DOWN');
        return link.router.#open(to, network, signal);
      },
      openNow: (to, network, told) =>
        network === responderNetwork ? undefined : reach.openTcpNow?.(to, told),
      refuse: (slot, generation, failure) => tell(refused(slot, generation, failure)),
      admit: (slot, generation, syn) => {
        // The kernel's answer to the SYN wakes the thread, which then finds the message.
        link.thread?.note(['admitted', slot, generation]);
        if (syn === undefined) link.thread?.answered();
        else link.thread?.send(syn, true);
      },
      release: (slot, generation) => link.thread?.note(['release', slot, generation]),
    });
    const datagrams = new DatagramSide({
      effects,
      debug,
      reach: () => reach,
      send: (packet) => link.thread?.send(packet),
    });
    try {
      const router = new DeviceRouter(settings, tcp, datagrams);
      link.router = router;
      link.thread = await startReader(reading, {
        device,
        filter: router.#filterSettings(settings.names),
        listenPorts: tcp.listenPorts,
        ends,
        ...{ flowsMax, heldMax },
        packet: (packet) => router.#take(packet),
        removed: (slots) => tcp.reset(slots),
        ended: (reason) => settings.ended?.(reason),
      });
      router.#thread = link.thread;
      router.#openRaw();
      return router;
    } catch (error) {
      tcp.close();
      datagrams.close();
      throw error;
    }
  }

  #filterSettings(names: NameSettings | undefined): FilterSettings {
    return {
      sources: this.#settings.device.addresses,
      responder: names?.responder,
      rules: this.#rules,
      carries: [this.#settings.reach.carries],
    };
  }

  #makeResponder(names: NameSettings | undefined): NameResponder | undefined {
    if (names === undefined) return undefined;
    const { reach, effects } = this.#settings;
    const granted = (text: string) => {
      const address = parseAddress(text);
      return this.#rules.some(({ range }) => contains(range, address));
    };
    return new NameResponder({ names, reach, granted, effects, debug: this.#debug });
  }

  /** L3 mode: what the reach receives goes to the programs as it is, if it is meant for this device. */
  #openRaw(): void {
    const { reach, device } = this.#settings;
    if (!reach.carries.has('ip') || reach.packets === undefined) return;
    const own = device.addresses.map(parseAddress);
    const received = new PacketView();
    this.#raw = reach.packets((packet) => {
      if (received.read(packet, 0, packet.length) !== '') return;
      const to = received.destinationBytes();
      if (own.some(({ bytes }) => bytes.length === to.length && bytes.every((byte, at) => byte === to[at])))
        this.#thread?.send(packet);
    });
  }

  async #open(to: Destination, network: number, signal: AbortSignal): Promise<Duplex> {
    if (network !== responderNetwork) return this.#settings.reach.openTcp(to, signal);
    const stream = this.#responder === undefined ? undefined : this.#nameStreams.open();
    if (stream === undefined) throw new Problem('FLOW_REFUSED');
    return stream;
  }

  #take(packet: HandedPacket): void {
    if (packet.verdict === verdict.raw) {
      this.#raw?.send(packet.bytes);
      return;
    }
    const keeps = packet.verdict === verdict.echo || packet.verdict === verdict.names;
    const view = keeps ? new PacketView() : this.#view;
    if (view.read(packet.bytes, 0, packet.bytes.length) !== '') return;
    if (packet.verdict === verdict.tcp) this.#tcp.take({ ...packet, view });
    else if (packet.verdict === verdict.udp) this.#datagrams.takeDatagram(view, packet.network);
    else if (packet.verdict === verdict.echo) void this.#datagrams.takeEcho(view, packet.network);
    else if (packet.verdict === verdict.names) void this.#answerName(view);
  }

  async #answerName(view: PacketView): Promise<void> {
    const answer = await this.#responder?.answer(payloadOf(view), this.#ending.signal);
    if (answer !== undefined) this.#thread?.send(udpReply(view, answer));
  }

  counters(): RouterCounters {
    const { packets, held, drops } = this.#thread?.counters() ?? { packets: 0, held: 0, drops: {} };
    const { up, down } = this.#tcp.bytes();
    return {
      flows: { tcp: this.#tcp.size, held, udp: this.#datagrams.size },
      bytesUp: up + this.#datagrams.bytesUp,
      bytesDown: down + this.#datagrams.bytesDown,
      packets,
      connects: this.#tcp.connects,
      names: { answered: this.#responder?.answered ?? 0, refused: this.#responder?.refused ?? 0 },
      drops,
    };
  }

  change({ routes, names }: Parameters<Router['change']>[0]): void {
    this.#rules = readRules(0, routes);
    this.#responder = this.#makeResponder(names);
    this.#thread?.tell(['filter', this.#filterSettings(names)]);
    // A flow of datagrams that is still granted is opened again by its next datagram.
    this.#datagrams.end(() => true);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    this.#raw?.close();
    this.#tcp.close();
    this.#datagrams.close();
    await this.#thread?.close();
  }
}

/** The event loop reads the device where that is wished and can be done. */
async function readingOf({ reading = 'loop', device }: RouterSettings): Promise<'loop' | 'thread'> {
  if (reading === 'thread' || process.platform !== 'linux') return 'thread';
  const { canBeAwaited } = await import('../edge/descriptor-stream.ts');
  return canBeAwaited(device.fd) ? 'loop' : 'thread';
}

/** Needs the calls of the device, which not every system has. */
async function endsOf({ device, effects }: RouterSettings, failed: () => void): Promise<TcpEnds> {
  const { TcpEnds } = await import('../edge/tcp-ends.ts');
  return new TcpEnds(device, effects, failed);
}

function refused(slot: number, generation: number, failure: Failure): ToTunWorker {
  if (typeof failure === 'object') return ['unreachable', slot, generation, failure.unreachable];
  return [failure === 'silence' ? 'forget' : failure, slot, generation];
}
