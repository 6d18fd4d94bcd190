import { createSocket, type RemoteInfo, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { contains, parseAddress } from '../packet/address.ts';
import { readRules, type Rule } from '../filter/rule.ts';
import { originalDestination } from '../edge/original-destination.ts';
import type { DatagramFlow, Destination } from '../reach/reach.ts';
import type { FilterListener, FilterRouter, FilterRouterSettings, RouterCounters } from './contract.ts';
import { DatagramFlows } from '../flow/datagram-flows.ts';
import { failureOf } from './failure.ts';
import { joined, type Joined } from './joined.ts';
import { NameResponder } from './name-responder.ts';
import { NameStreams } from './name-streams.ts';

/** Addresses with a port of UDP that get a listener of their own: a datagram does not say where it was going. */
const datagramListenersMax = 64;
const flowsMax = 1_024;
const idleSeconds = 60;
const sweepMs = 10_000;
const connectionsMax = 4_096;
/** Ports that are tried until one is free for UDP and TCP. */
const namesTries = 16;
const loopback = { 4: '127.0.0.1', 6: '::1' } as const;

/**
 * The router without a device: the packet filter sends granted connections to loopback listeners. TCP to every granted address and port; UDP to single
 * addresses with few ports; no ICMP. A program's `connect` succeeds before the far side has answered: a refusal comes as a reset.
 */
export async function startFilterRouter(settings: FilterRouterSettings): Promise<FilterRouter> {
  const router = new ListeningRouter(settings);
  try {
    await router.listen();
  } catch (error) {
    await router.close();
    throw error;
  }
  return router;
}

class ListeningRouter implements FilterRouter {
  readonly listeners: FilterListener[] = [];
  namesPort: number | null = null;
  readonly #settings: FilterRouterSettings;
  readonly #debug: (message: string) => void;
  readonly #rules: readonly Rule[];
  readonly #responder: NameResponder | undefined;
  readonly #nameStreams: NameStreams;
  readonly #servers: Server[] = [];
  readonly #sockets: DatagramSocket[] = [];
  readonly #flows = new DatagramFlows<DatagramFlow>(flowsMax, idleSeconds);
  readonly #joined = new Set<Joined>();
  readonly #waiting = new Set<Socket>();
  readonly #ending = new AbortController();
  readonly #sweeping: object;
  readonly #connects = { opened: 0, refused: 0, failed: 0 };
  #bytesUp = 0;
  #bytesDown = 0;
  #notGranted = 0;

  constructor(settings: FilterRouterSettings) {
    this.#settings = settings;
    this.#debug = settings.debug ?? (() => undefined);
    this.#rules = readRules(0, settings.routes);
    const { names, reach, effects } = settings;
    const granted = (text: string) => this.#rules.some(({ range }) => contains(range, parseAddress(text)));
    this.#responder =
      names === undefined
        ? undefined
        : new NameResponder({ names, reach, granted, effects, debug: this.#debug });
    this.#nameStreams = new NameStreams(effects, async (...asked) => await this.#responder?.answer(...asked));
    this.#sweeping = effects.timers.every(sweepMs, () => this.#flows.sweep(this.#now()));
  }

  /** Opens the listeners that the routes need. */
  async listen(): Promise<void> {
    const { routes, names, reach } = this.#settings;
    const ports: Partial<Record<4 | 6, number>> = {};
    for (const route of routes) {
      if (route.proto !== 'tcp' && route.proto !== 'ip') continue;
      const family = route.cidr.includes(':') ? 6 : 4;
      ports[family] ??= await this.#listenTcp(loopback[family]);
      const spans = route.proto === 'ip' ? ([[0, 65_535]] as const) : route.ports;
      this.listeners.push({ cidr: route.cidr, ports: spans, proto: 'tcp', to: ports[family] });
    }
    if (names !== undefined) await this.#listenForNames(names.responder);
    if (reach.carries.has('udp') && reach.openUdp !== undefined) await this.#listenUdp();
  }

  async #listenTcp(host: string): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    server.maxConnections = connectionsMax;
    server.on('connection', (socket: Socket) => void this.#accept(socket));
    this.#servers.push(server);
    await once(server.listen({ host, port: 0, backlog: 1024 }), 'listening');
    return (server.address() as AddressInfo).port;
  }

  async #bind(host: string, received: (datagram: Buffer, from: RemoteInfo, socket: DatagramSocket) => void) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#sockets.push(socket);
    socket.on('message', (datagram, from) => received(datagram, from, socket));
    socket.on('error', (error) => this.#debug(`a datagram was not sent: ${error.message}`));
    socket.bind(0, host.includes(':') ? loopback[6] : loopback[4]);
    await once(socket, 'listening');
    return socket.address().port;
  }

  /** The responder: UDP and TCP on the same port, whichever is free for both. */
  async #listenForNames(responder: string): Promise<void> {
    for (let left = namesTries; ; left -= 1) {
      const port = await this.#bind(responder, (query, from, socket) => {
        void this.#responder?.answer(query, this.#ending.signal).then((answer) => {
          if (answer !== undefined && !this.#ending.signal.aborted)
            socket.send(answer, from.port, from.address);
        });
      });
      const server = createServer((socket) => this.#answerNames(socket));
      try {
        await once(server.listen({ host: loopback[responder.includes(':') ? 6 : 4], port }), 'listening');
        this.#servers.push(server);
        this.namesPort = port;
        return;
      } catch (error) {
        this.#sockets.pop()?.close();
        if (left === 0) throw error;
      }
    }
  }

  #answerNames(socket: Socket): void {
    socket.on('error', () => undefined);
    const stream = this.#nameStreams.open();
    if (stream === undefined) {
      socket.resetAndDestroy();
      return;
    }
    stream.on('error', (error) => this.#debug(`a question over TCP: ${error.message}`));
    const pair = joined(socket, stream, () => this.#joined.delete(pair));
    this.#joined.add(pair);
  }

  async #listenUdp(): Promise<void> {
    let left = datagramListenersMax;
    for (const { cidr, ports, proto } of this.#settings.routes) {
      const [address = '', prefix] = cidr.split('/');
      const single = prefix === undefined || prefix === (address.includes(':') ? '128' : '32');
      if (proto !== 'udp' || !single) continue;
      for (const [from, to] of ports)
        for (let port = from; port <= to && left > 0; port += 1) {
          left -= 1;
          const destination = { address, port };
          const local = await this.#bind(address, (...received) => this.#datagram(destination, ...received));
          this.listeners.push({ cidr, ports: [[port, port]], proto: 'udp', to: local });
        }
    }
    if (left === 0) this.#debug('too many ports of UDP for a packet filter: some are not carried');
  }

  #datagram(to: Destination, datagram: Buffer, from: RemoteInfo, socket: DatagramSocket): void {
    const key = `${from.address} ${from.port} ${to.address} ${to.port}`;
    let flow = this.#flows.use(key, this.#now());
    if (flow === undefined) {
      const received = (answer: Uint8Array) => {
        if (this.#ending.signal.aborted) return;
        this.#bytesDown += answer.length;
        this.#flows.use(key, this.#now());
        socket.send(answer, from.port, from.address);
      };
      flow = this.#settings.reach.openUdp?.(to, received, () => this.#flows.remove(key));
      if (flow === undefined) return;
      this.#flows.add(key, flow, this.#now());
    }
    this.#bytesUp += datagram.length;
    flow.send(datagram);
  }

  async #accept(socket: Socket): Promise<void> {
    socket.on('error', () => undefined);
    const to = originalDestination(socket);
    // Dialled directly by another local process, or sent here by a rule that is not ours.
    if (to === undefined || !this.#granted(to)) {
      this.#notGranted += 1;
      socket.resetAndDestroy();
      return;
    }
    const abort = new AbortController();
    const gone = () => abort.abort();
    socket.once('close', gone);
    this.#waiting.add(socket);
    try {
      const stream = await this.#settings.reach.openTcp(
        to,
        AbortSignal.any([abort.signal, this.#ending.signal]),
      );
      stream.on('error', (error) => this.#debug(`${to.address}:${to.port}: ${error.message}`));
      if (socket.destroyed || this.#ending.signal.aborted) {
        stream.destroy();
        return;
      }
      this.#connects.opened += 1;
      const pair = joined(socket, stream, () => {
        this.#joined.delete(pair);
        this.#bytesUp += pair.bytesUp;
        this.#bytesDown += pair.bytesDown;
      });
      this.#joined.add(pair);
    } catch (error) {
      this.#debug(`${to.address}:${to.port} cannot be had: ${String(error)}`);
      this.#connects[failureOf(error) === 'reset' ? 'refused' : 'failed'] += 1;
      socket.resetAndDestroy();
    } finally {
      this.#waiting.delete(socket);
      socket.off('close', gone);
    }
  }

  #granted({ address, port }: Destination): boolean {
    const to = parseAddress(address);
    return this.#rules.some(
      ({ range, proto, ports }) =>
        contains(range, to) &&
        (proto === 'ip' || (proto === 'tcp' && ports.some(([first, last]) => port >= first && port <= last))),
    );
  }

  #now(): number {
    return this.#settings.effects.clock.monotonic() / 1000;
  }

  counters(): RouterCounters {
    let bytesUp = this.#bytesUp;
    let bytesDown = this.#bytesDown;
    for (const pair of this.#joined) {
      bytesUp += pair.bytesUp;
      bytesDown += pair.bytesDown;
    }
    return {
      flows: { tcp: this.#joined.size, held: this.#waiting.size, udp: this.#flows.size },
      ...{ bytesUp, bytesDown },
      packets: 0,
      connects: { ...this.#connects },
      names: { answered: this.#responder?.answered ?? 0, refused: this.#responder?.refused ?? 0 },
      drops: this.#notGranted > 0 ? { 'address-not-granted': this.#notGranted } : {},
    };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#settings.effects.timers.cancel(this.#sweeping);
    for (const socket of this.#waiting) socket.resetAndDestroy();
    for (const pair of [...this.#joined]) pair.reset();
    this.#flows.clear();
    for (const socket of this.#sockets.splice(0)) socket.close();
    const closing = this.#servers.splice(0).filter(({ listening }) => listening);
    await Promise.all(closing.map((server) => new Promise((done) => server.close(done))));
  }
}
