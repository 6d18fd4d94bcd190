import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import { endCodeOf, endCodes, flowCodeOf, type EndCode, type FlowCode } from '../codes.ts';
import type {
  Answer,
  AskedDestination,
  CarrierInput,
  CarrierSink,
  ClientLinkOptions,
  DatagramEvents,
  MuxDatagrams,
  MuxStream,
  StreamEvents,
} from '../contract.ts';
import { bodyByte, bodyUint48, echoBody, openBody, questionBody, readAnswer } from '../frame/bodies.ts';
import { frame, utf8 } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { CarrierEnd, type Newcomer } from '../handshake/carrier-end.ts';
import {
  claimBody,
  knownFeatures,
  readHello,
  readRefused,
  readWelcome,
  signedBytes,
  type Feature,
  type Hello,
} from '../handshake/messages.ts';
import { handshakeWithinMs, streamsMax, versionsSpoken } from '../limits.ts';
import { DatagramFlow } from '../link/datagram-flow.ts';
import type { LinkStream } from '../link/link-stream.ts';
import { Link, type LinkRole } from '../link/link.ts';
import { violation } from '../violation.ts';
import { Questions } from './questions.ts';

/** How a carrier, or a whole link, is doing. */
export interface CarrierStats {
  readonly rttMs: number | null;
  readonly bytesPerSecond: number;
  readonly inFlight: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly stalled: boolean;
}

/** The client's side of the protocol: one link to one agent over as many carriers as it is given. */
export interface ClientLink {
  /** A way to the agent; it says HELLO there. */
  addCarrier(sink: CarrierSink): CarrierInput;
  /**
   * Opens a TCP conversation: `opened` is told when the destination accepted, `reset` when it did not. What is written at once travels with the
   * opening. Throws FLOW_LIMITED when too many are open, REACH_ENDED when the link is over.
   */
  openTcp(to: AskedDestination, events: StreamEvents & { opened(): void }): MuxStream;
  openUdp(to: AskedDestination, events: DatagramEvents): MuxDatagrams;
  /** Sends now what would leave at the end of the turn. */
  flush(): void;
  /** One ICMP echo; rejects with the signal's reason, or a Problem of a flow. */
  echo(host: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  resolve(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<Answer>;
  sendPacket(packet: Uint8Array): void;
  /** Shows a newer token; what it is good for is told by {@link tokenEndsInMs}. */
  renew(token: string): void;
  /** Carriers must show life within so many milliseconds, or are given up. */
  probe(patienceMs: number): void;
  /** What the agent can do; empty before the first carrier was admitted. */
  readonly features: ReadonlySet<Feature>;
  /** Carriers that are admitted. */
  readonly carriers: readonly CarrierStats[];
  readonly streams: number;
  /** Bytes of streams as they were, and as they went, of those that were packed. */
  readonly packing: { readonly plainBytes: number; readonly packedBytes: number };
  /** When the token that the agent knows runs out, by the monotonic clock. */
  readonly tokenEndsAt: number;
  readonly over: boolean;
  /** Ends the link and everything in it. */
  close(): void;
}

export function createClientLink(options: ClientLinkOptions): ClientLink {
  return new Client(options);
}

class Client implements ClientLink, LinkRole {
  readonly #options: ClientLinkOptions;
  readonly #link: Link;
  readonly #flows = new Map<number, DatagramFlow>();
  /** Carriers that are not admitted yet. */
  readonly #newcomers = new Set<CarrierEnd>();
  readonly #makers = new Map<CarrierEnd, () => void>();
  readonly #questions = new Questions();
  #association = '';
  #features: ReadonlySet<Feature> = new Set();
  #streamsMax = streamsMax;
  #lastId = 0;
  #up = false;
  #tokenEndsAt = 0;
  /** The first carrier makes the link; others wait for it to join the same. */
  #making: Promise<unknown> | undefined;

  constructor(options: ClientLinkOptions) {
    this.#options = options;
    this.#link = new Link(options.ports, this);
  }

  get features(): ReadonlySet<Feature> {
    return this.#features;
  }
  get streams(): number {
    return this.#link.streams.size + this.#flows.size;
  }
  get over(): boolean {
    return this.#link.over;
  }
  get tokenEndsAt(): number {
    return this.#tokenEndsAt;
  }
  get packing(): { readonly plainBytes: number; readonly packedBytes: number } {
    return { plainBytes: this.#link.stats.plainPacked, packedBytes: this.#link.stats.packed };
  }
  get carriers(): readonly CarrierStats[] {
    return this.#link.carriers.map(({ pace, inFlight, stalled, bytesSent, bytesRead }) => ({
      rttMs: pace.rttMs ?? null,
      bytesPerSecond: Math.round(pace.bytesPerMs * 1000),
      inFlight,
      bytesSent,
      bytesReceived: bytesRead,
      stalled,
    }));
  }

  addCarrier(sink: CarrierSink): CarrierInput {
    const end = new CarrierEnd(this.#options.ports, sink, (self) => this.#newcomer(self));
    this.#newcomers.add(end);
    if (this.#link.over) end.end();
    return end;
  }

  openTcp(to: AskedDestination, events: StreamEvents & { opened(): void }): MuxStream {
    const stream = this.#link.addStream(this.#newId(), false);
    stream.events = events;
    stream.opened = () => events.opened();
    stream.announce(frameTypes.open, openBody('tcp', to));
    return stream;
  }

  openUdp(to: AskedDestination, events: DatagramEvents): MuxDatagrams {
    const id = this.#newId();
    const flow = new DatagramFlow(id, this.#link, () => this.#flows.delete(id));
    flow.events = events;
    this.#flows.set(id, flow);
    this.#link.send(frameTypes.open, id, openBody('udp', to));
    return flow;
  }

  flush(): void {
    this.#link.pump();
  }

  echo(host: string, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#ask(frameTypes.echo, echoBody(host, payload), false, signal, (body) => {
      if (body.length === 0) throw violation('an answer to an echo has a code');
      if (body[0] !== 0) throw new Problem(flowCodeOf(body[0]!));
      return body.slice(1);
    });
  }

  resolve(name: string, type: 'A' | 'AAAA', signal: AbortSignal): Promise<Answer> {
    return this.#ask(frameTypes.question, questionBody(name, type), true, signal, readAnswer);
  }

  sendPacket(packet: Uint8Array): void {
    this.#link.sendDatagram(frameTypes.packet, 0, packet);
  }

  renew(token: string): void {
    this.#link.send(frameTypes.renew, 0, utf8(token));
  }

  probe(patienceMs: number): void {
    this.#link.probe(patienceMs);
  }

  close(): void {
    this.#end('REACH_ENDED', frame(frameTypes.goodbye, 0, Uint8Array.of(endCodes.REACH_ENDED)));
  }

  frame(type: number, id: number, body: Uint8Array): boolean {
    switch (type) {
      case frameTypes.opened: {
        const stream = this.#link.streams.get(id);
        if (!stream) return true;
        this.#link.heard(stream);
        return true;
      }
      case frameTypes.reset:
        this.#flows.get(id)?.ended(flowCodeOf(bodyByte(body)));
        return true;
      case frameTypes.datagram:
        this.#flows.get(id)?.events?.datagram(body);
        return true;
      case frameTypes.echoReply:
      case frameTypes.answer:
        this.#questions.answered(id, body);
        return true;
      case frameTypes.packet:
        this.#options.events?.packet?.(body);
        return true;
      case frameTypes.renewed:
        this.#tokenEndsAt = this.#options.ports.effects.clock.monotonic() + bodyUint48(body);
        return true;
      case frameTypes.goodbye:
        this.#goodbye(endCodeOf(bodyByte(body)));
        return true;
    }
    return false;
  }

  /** Its opening was confirmed, or overtaken by its first data over another carrier. */
  heard(stream: LinkStream): void {
    stream.opened?.();
  }

  violated(): void {
    this.#ended('AGENT_PROTOCOL_VIOLATED');
  }

  carrierGone(): void {
    if (this.#link.carriers.length > 0 || !this.#up) return;
    this.#up = false;
    if (!this.#link.over) this.#options.events?.down?.();
  }

  #newId(): number {
    if (this.#link.over) throw new Problem('REACH_ENDED');
    if (this.streams >= this.#streamsMax) throw new Problem('FLOW_LIMITED');
    return ++this.#lastId;
  }

  #ask<T>(
    type: typeof frameTypes.echo | typeof frameTypes.question,
    body: Uint8Array,
    again: boolean,
    signal: AbortSignal,
    read: (body: Uint8Array) => T,
  ): Promise<T> {
    if (this.#link.over) return Promise.reject(new Problem('REACH_ENDED'));
    return this.#questions.ask((id) => this.#link.send(type, id, body, again), read, signal);
  }

  #newcomer(end: CarrierEnd): Newcomer {
    const { effects } = this.#options.ports;
    let late = effects.timers.after(handshakeWithinMs, () => end.end(new Problem('AGENT_UNREACHABLE')));
    let hello: Hello | undefined;
    return {
      frame: (type, body) => {
        if (hello === undefined && type === frameTypes.hello) {
          hello = readHello(body);
          effects.timers.cancel(late);
          void this.#claim(end, hello).then(
            () => {
              if (end.over) return;
              late = effects.timers.after(handshakeWithinMs, () => end.end(new Problem('AGENT_UNREACHABLE')));
            },
            (error: unknown) => end.end(error),
          );
        } else if (hello && type === frameTypes.welcome) {
          effects.timers.cancel(late);
          this.#welcome(end, hello, body);
        } else if (hello && type === frameTypes.refused) {
          end.end(refusal(readRefused(body)));
        } else throw violation('a hello comes first, then a welcome');
      },
      ended: (problem, admitted) => {
        effects.timers.cancel(late);
        this.#newcomers.delete(end);
        this.#makers.get(end)?.();
        if (admitted && problem !== undefined) this.violated();
        const code = problem === undefined ? 'REACH_DOWN' : codeOf(problem);
        if (!this.#link.over) this.#options.events?.carrierEnded?.(code);
      },
    };
  }

  async #claim(end: CarrierEnd, hello: Hello): Promise<void> {
    const { credentials, versions = versionsSpoken, agentId, ports } = this.#options;
    const version = versions.find((spoken) => hello.versions.includes(spoken));
    if (version === undefined) throw new Problem('AGENT_VERSION_UNSUPPORTED');
    if (agentId !== undefined && hello.agentId !== agentId) throw new Problem('AGENT_UNREACHABLE');
    // Only one carrier makes a link; the others join it.
    while (this.#making) await this.#making;
    if (end.over) return;
    const made = Promise.withResolvers<void>();
    if (this.#association === '') {
      this.#making = made.promise;
      this.#makers.set(end, () => {
        this.#making = undefined;
        this.#makers.delete(end);
        made.resolve();
      });
    }
    const offered = knownFeatures(hello.features);
    const features = offered.filter((feature) => feature !== 'zstd' || ports.packer !== undefined);
    const association = this.#association;
    const token = await credentials.token(hello.agentId);
    const signature = await credentials.sign(signedBytes(hello, { version, features, association }));
    if (end.over) return;
    const { publicKey } = credentials;
    const claim = { version, features, association, token, publicKey, signature };
    end.sink.send([frame(frameTypes.claim, 0, claimBody(claim))]);
  }

  #welcome(end: CarrierEnd, hello: Hello, body: Uint8Array): void {
    const welcome = readWelcome(body);
    if (this.#association !== '' && welcome.association !== this.#association) {
      // Another agent, or one that forgot us. While others still know us, this carrier is the stranger.
      if (this.#link.carriers.length > 0) return end.end(new Problem('AGENT_LINK_UNKNOWN'));
      this.#restart();
    }
    this.#association = welcome.association;
    this.#streamsMax = Math.min(streamsMax, welcome.streamsMax);
    this.#features = new Set(knownFeatures(hello.features));
    this.#tokenEndsAt = this.#options.ports.effects.clock.monotonic() + welcome.tokenEndsInMs;
    this.#link.usePacking(this.#features.has('zstd'));
    this.#newcomers.delete(end);
    end.join(this.#link);
    this.#makers.get(end)?.();
    if (this.#up) return;
    this.#up = true;
    this.#options.events?.up?.();
  }

  /** The agent ended the link. It may be had again where the agent only stops or restarts, or had no token in time: that is a loss like others. */
  #goodbye(code: EndCode): void {
    if (code !== 'AGENT_UNREACHABLE' && code !== 'AGENT_TOKEN_EXPIRED') return this.#ended(code);
    for (const carrier of [...this.#link.carriers]) carrier.close();
  }

  /** The agent has no memory of us: everything that was open is gone, and counting begins anew. */
  #restart(): void {
    this.#lastId = 0;
    this.#link.restart('REACH_DOWN');
    this.#loseAll('REACH_DOWN');
    this.#options.events?.restarted?.();
  }

  #loseAll(code: FlowCode): void {
    for (const flow of [...this.#flows.values()]) flow.ended(code);
    this.#questions.fail(code);
  }

  #ended(code: EndCode): void {
    if (this.#link.over) return;
    this.#end('REACH_ENDED');
    this.#options.events?.ended?.(code);
  }

  #end(code: FlowCode, last?: Uint8Array): void {
    if (this.#link.over) return;
    this.#link.end(code, last);
    for (const end of [...this.#newcomers]) end.end();
    this.#loseAll(code);
  }
}

/** What the agent said in refusing; words that are not in our catalogue are not repeated. */
function refusal(code: string): Problem {
  return new Problem(entryOf(code) ? (code as ProblemCode) : 'AGENT_TOKEN_REFUSED');
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? 'AGENT_UNREACHABLE';
}
