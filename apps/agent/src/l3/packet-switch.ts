import { limits } from '@sallyport/agent-protocol';
import type { Effects, TimerHandle } from '@sallyport/effects';
import { addressText, PacketView, parseAddress } from '@sallyport/tunnel';
import type { Verdict } from '../admission.ts';
import type { Client, Conversation } from '../client.ts';
import type { Trace } from '../flows/trace.ts';
import { packetIdleMs } from '../limits.ts';
import type { PacketDevice } from '../ports.ts';
import { quotedBy, readdressError, replaceAddress } from './rewrite.ts';

/** TCP, UDP and ICMP of both families have ways of their own, where each conversation is judged and recorded. */
const ownWay = new Set([1, 6, 17, 58]);

/** What the switch asks of the host. */
export interface SwitchParts {
  readonly device: PacketDevice;
  readonly effects: Pick<Effects, 'clock' | 'timers'>;
  /** Judges a destination under what the client's token allows of whole IP. */
  readonly judge: (client: Client, address: string) => Verdict;
  /** Whether one conversation more is too many for this client, or for all. */
  readonly isFull: (client: Client) => boolean;
  readonly keep: (client: Client, conversation: Conversation) => void;
  /** So many bytes came from the device, which may have to wait for a client. */
  readonly moved: (bytes: number) => void;
  /** Counts a packet that goes nowhere. */
  readonly dropped: (why: string) => void;
}

interface PacketFlow {
  readonly client: Client;
  readonly trace: Trace;
  /** The address that the client has inside the tunnel. */
  readonly source: Uint8Array;
  /** When the client last sent, monotonic. What only the far side sends keeps nothing open. */
  lastAt: number;
  idle: TimerHandle;
}

/**
 * Whole packets between clients and the agent's TUN device, for protocols without ports. A flow is a protocol and a destination; it begins with a
 * packet of a client that the token allows, belongs to that client alone, and only what belongs to a flow comes back: its answers, and ICMP
 * errors about its packets. Everything else is dropped and counted by reason. Clients are told apart by flow, so all leave from the device's one
 * address, and each has one address of its own in the tunnel, which is fixed by its first packet.
 */
export class PacketSwitch {
  readonly #parts: SwitchParts;
  readonly #own: { readonly 4?: Uint8Array; readonly 6?: Uint8Array };
  readonly #flows = new Map<string, PacketFlow>();
  readonly #sources = new WeakMap<Client, { 4?: Uint8Array; 6?: Uint8Array }>();
  readonly #view = new PacketView();

  constructor(parts: SwitchParts) {
    this.#parts = parts;
    const own = parts.device.addresses.map(parseAddress);
    const of = (family: 4 | 6) => own.find((address) => address.family === family)?.bytes;
    const [four, six] = [of(4), of(6)];
    this.#own = { ...(four && { 4: four }), ...(six && { 6: six }) };
    parts.device.receive((packet) => this.#fromDevice(packet));
  }

  /** A packet of a client. */
  fromClient(client: Client, packet: Uint8Array): void {
    const why = this.#take(client, packet);
    if (why !== undefined) this.#parts.dropped(why);
  }

  /** Why it is dropped; undefined when it went. */
  #take(client: Client, packet: Uint8Array): string | undefined {
    const view = this.#view;
    const malformed = view.read(packet, 0, packet.length);
    if (malformed !== '') return malformed;
    const own = this.#own[view.family];
    if (own === undefined) return 'no-address';
    if (ownWay.has(view.protocol)) return 'own-way';
    if (!this.#isFrom(client, view)) return 'foreign-source';
    const destination = addressText(view.destinationBytes());
    const key = keyOf(view.protocol, destination);
    const known = this.#flows.get(key);
    if (known !== undefined && known.client !== client) return 'taken';
    const flow = known ?? this.#begin(client, key, view, destination);
    if (typeof flow === 'string') return flow;
    const length = view.end - view.start;
    if (client.pace.up?.admits(length) === false) return 'too-fast';
    flow.lastAt = this.#parts.effects.clock.monotonic();
    // A copy: what came over the link is the link's.
    view.read(view.copy(), 0, length);
    replaceAddress(view, 'source', own);
    if (!this.#parts.device.send(view.bytes)) return 'device-full';
    flow.trace.bytesUp += length;
    flow.trace.stood = true;
    return undefined;
  }

  /** Whether the packet comes from the client's address in the tunnel: that of its first packet of the family. */
  #isFrom(client: Client, view: PacketView): boolean {
    const source = view.sourceBytes();
    const known = this.#sources.get(client) ?? {};
    this.#sources.set(client, known);
    const first = (known[view.family] ??= source);
    return same(first, source);
  }

  /** A new flow, or why there is none. */
  #begin(client: Client, key: string, view: PacketView, destination: string): PacketFlow | string {
    const { effects, judge, isFull, keep } = this.#parts;
    const trace = client.trace('ip', destination, view.protocol);
    const verdict = judge(client, destination);
    if (!verdict.granted) {
      trace.finish('refused', 'FLOW_NOT_GRANTED');
      return verdict.why;
    }
    // Counted alone: a flood of records would follow a flood of packets.
    if (isFull(client)) return 'limited';
    const now = effects.clock.monotonic();
    const flow: PacketFlow = {
      client,
      trace,
      source: view.sourceBytes(),
      lastAt: now,
      idle: effects.timers.after(packetIdleMs, () => this.#look(key, flow)),
    };
    this.#flows.set(key, flow);
    keep(client, { trace, break: (code, end) => this.#end(key, flow, end, code) });
    return flow;
  }

  /** Ends a flow whose client has paused; else looks again when it may have. */
  #look(key: string, flow: PacketFlow): void {
    const { clock, timers } = this.#parts.effects;
    const left = flow.lastAt + packetIdleMs - clock.monotonic();
    if (left <= 0) this.#end(key, flow, 'client', null);
    else flow.idle = timers.after(left, () => this.#look(key, flow));
  }

  #end(key: string, flow: PacketFlow, end: Parameters<Trace['finish']>[0], code: string | null): void {
    this.#parts.effects.timers.cancel(flow.idle);
    this.#flows.delete(key);
    flow.trace.finish(end, code);
  }

  #fromDevice(packet: Uint8Array): void {
    const why = this.#giveBack(packet);
    if (why !== undefined) this.#parts.dropped(why);
  }

  #giveBack(packet: Uint8Array): string | undefined {
    const view = this.#view;
    const malformed = view.read(packet, 0, packet.length);
    if (malformed !== '') return malformed;
    const own = this.#own[view.family];
    if (own === undefined || !same(own, view.destinationBytes())) return 'unasked';
    const quoted = quotedBy(view);
    if (quoted !== undefined && !same(quoted.source, own)) return 'unasked';
    const flow = this.#flows.get(
      quoted === undefined
        ? keyOf(view.protocol, addressText(view.sourceBytes()))
        : keyOf(quoted.protocol, addressText(quoted.destination)),
    );
    if (flow === undefined) return 'unasked';
    const length = view.end - view.start;
    if (flow.client.pace.down?.admits(length) === false) return 'too-fast';
    if (quoted === undefined) replaceAddress(view, 'destination', flow.source);
    else readdressError(view, flow.source);
    flow.trace.bytesDown += length;
    flow.client.association.sendPacket(view.copy());
    this.#parts.moved(length + limits.pieceOverheadBytes);
    return undefined;
  }
}

function keyOf(protocol: number, address: string): string {
  return `${String(protocol)} ${address}`;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
