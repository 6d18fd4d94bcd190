import { protocolNumbers, tcpFlags, type PacketView } from '../packet/packet-view.ts';

/** States of a connection through the address swap. */
export const flowState = {
  free: 0,
  /** Its SYN is held back until the far side has accepted. */
  held: 1,
  open: 2,
  /** Both sides have said so, a reset came, or the stream behind it is gone: may be forgotten once it is idle. */
  over: 3,
} as const;

/** Seconds without a packet after which a connection that is over is forgotten: a retransmitted FIN still finds its answer. */
const lingerSeconds = 60;
const lingerWhenFullSeconds = 2;

const finFromApp = 1;
const finFromFar = 2;

/**
 * The connections that pass the device, by address swap. An app's segment `S:sp -> D:p` goes back to this machine as `D:sp -> S:L`, so the
 * destination port `p` is the one thing to remember, and `L` is one of a few listeners: two connections from the same `sp` to two ports of the same
 * `D` need two. A fixed number of slots, no allocation after the start, no timers: what is over makes room when room is needed.
 */
export class TcpFlows {
  readonly capacity: number;
  readonly listeners: number;
  #open = 0;
  #held = 0;
  #hand = 0;
  #fullUntil = -1;
  readonly #forward: Int32Array;
  readonly #backward: Int32Array;
  readonly #nextForward: Int32Array;
  readonly #nextBackward: Int32Array;
  readonly #address: Int32Array;
  readonly #appPort: Uint16Array;
  readonly #port: Uint16Array;
  readonly #listener: Uint8Array;
  readonly #family: Uint8Array;
  readonly #state: Uint8Array;
  readonly #fins: Uint8Array;
  readonly #network: Int32Array;
  readonly #generation: Uint32Array;
  readonly #seen: Float64Array;
  readonly #mask: number;

  /** `listeners` is how many connections one source port may have to one address at the same time. */
  constructor(capacity: number, listeners: number) {
    this.capacity = capacity;
    this.listeners = listeners;
    let buckets = 1;
    while (buckets < capacity) buckets *= 2;
    this.#mask = buckets - 1;
    this.#forward = new Int32Array(buckets).fill(-1);
    this.#backward = new Int32Array(buckets).fill(-1);
    this.#nextForward = new Int32Array(capacity).fill(-1);
    this.#nextBackward = new Int32Array(capacity).fill(-1);
    this.#address = new Int32Array(capacity * 4);
    this.#appPort = new Uint16Array(capacity);
    this.#port = new Uint16Array(capacity);
    this.#listener = new Uint8Array(capacity);
    this.#family = new Uint8Array(capacity);
    this.#state = new Uint8Array(capacity);
    this.#fins = new Uint8Array(capacity);
    this.#network = new Int32Array(capacity);
    this.#generation = new Uint32Array(capacity);
    this.#seen = new Float64Array(capacity);
  }

  get open(): number {
    return this.#open;
  }

  get held(): number {
    return this.#held;
  }

  state(slot: number): number {
    return this.#state[slot]!;
  }

  listener(slot: number): number {
    return this.#listener[slot]!;
  }

  port(slot: number): number {
    return this.#port[slot]!;
  }

  network(slot: number): number {
    return this.#network[slot]!;
  }

  /** Counts how often a slot was given out: a message about an earlier connection is known by it. */
  generation(slot: number): number {
    return this.#generation[slot]!;
  }

  /** The connection that an app's segment belongs to, or -1. */
  find(packet: PacketView): number {
    let slot = this.#forward[this.#hash(packet, packet.sourcePort, packet.destinationPort)]!;
    while (slot >= 0) {
      if (
        this.#port[slot] === packet.destinationPort &&
        this.#appPort[slot] === packet.sourcePort &&
        this.#towards(slot, packet)
      )
        return slot;
      slot = this.#nextForward[slot]!;
    }
    return -1;
  }

  /** The connection that a listener's segment belongs to, or -1. */
  findBack(packet: PacketView, listener: number): number {
    let slot = this.#backward[this.#hash(packet, packet.destinationPort, listener)]!;
    while (slot >= 0) {
      if (
        this.#listener[slot] === listener &&
        this.#appPort[slot] === packet.destinationPort &&
        this.#towards(slot, packet)
      )
        return slot;
      slot = this.#nextBackward[slot]!;
    }
    return -1;
  }

  /** A new, held connection of the app's SYN; -1 when there is no room, or no listener free for it. */
  hold(packet: PacketView, network: number, now: number): number {
    const listener = this.#freeListener(packet);
    const slot = listener < 0 ? -1 : this.#freeSlot(now);
    if (slot < 0) return -1;
    this.#address[slot * 4] = packet.destination0;
    this.#address[slot * 4 + 1] = packet.destination1;
    this.#address[slot * 4 + 2] = packet.destination2;
    this.#address[slot * 4 + 3] = packet.destination3;
    this.#family[slot] = packet.family;
    this.#appPort[slot] = packet.sourcePort;
    this.#port[slot] = packet.destinationPort;
    this.#listener[slot] = listener;
    this.#network[slot] = network;
    this.#fins[slot] = 0;
    this.#seen[slot] = now;
    this.#generation[slot]! += 1;
    this.#setState(slot, flowState.held);
    const forward = this.#hash(packet, packet.sourcePort, packet.destinationPort);
    this.#nextForward[slot] = this.#forward[forward]!;
    this.#forward[forward] = slot;
    const backward = this.#hash(packet, packet.sourcePort, listener);
    this.#nextBackward[slot] = this.#backward[backward]!;
    this.#backward[backward] = slot;
    return slot;
  }

  /** The far side has accepted: segments pass from now on. */
  admit(slot: number): void {
    if (this.#state[slot] === flowState.held) this.#setState(slot, flowState.open);
  }

  /** The stream behind the connection is gone; what the kernel still has to deliver may pass. */
  release(slot: number): void {
    if (this.#state[slot] === flowState.open) this.#setState(slot, flowState.over);
  }

  /** A segment of the connection passed. */
  note(slot: number, flags: number, fromApp: boolean, now: number): void {
    this.#seen[slot] = now;
    if ((flags & tcpFlags.fin) !== 0) this.#fins[slot]! |= fromApp ? finFromApp : finFromFar;
    if ((flags & tcpFlags.rst) !== 0 || this.#fins[slot] === (finFromApp | finFromFar)) this.release(slot);
  }

  /** Forgets a connection at once. */
  remove(slot: number): void {
    if (this.#state[slot] === flowState.free) return;
    this.#unlink(slot);
    this.#setState(slot, flowState.free);
  }

  /** Fills a view with what a filter looks at: the destination of the connection. */
  describe(slot: number, view: PacketView): void {
    const at = slot * 4;
    view.family = this.#family[slot] === 4 ? 4 : 6;
    view.protocol = protocolNumbers.tcp;
    view.destination0 = this.#address[at]!;
    view.destination1 = this.#address[at + 1]!;
    view.destination2 = this.#address[at + 2]!;
    view.destination3 = this.#address[at + 3]!;
    view.sourcePort = this.#appPort[slot]!;
    view.destinationPort = this.#port[slot]!;
  }

  /** Calls `each` for every slot in use. */
  forEach(each: (slot: number) => void): void {
    for (let slot = 0; slot < this.capacity; slot += 1) if (this.#state[slot] !== flowState.free) each(slot);
  }

  #setState(slot: number, state: number): void {
    const before = this.#state[slot]!;
    if (before === flowState.held) this.#held -= 1;
    if (before === flowState.open) this.#open -= 1;
    if (state === flowState.held) this.#held += 1;
    if (state === flowState.open) this.#open += 1;
    this.#state[slot] = state;
  }

  #freeListener(packet: PacketView): number {
    for (let listener = 0; listener < this.listeners; listener += 1) {
      let slot = this.#backward[this.#hash(packet, packet.sourcePort, listener)]!;
      while (
        slot >= 0 &&
        !(
          this.#listener[slot] === listener &&
          this.#appPort[slot] === packet.sourcePort &&
          this.#towards(slot, packet)
        )
      )
        slot = this.#nextBackward[slot]!;
      if (slot < 0) return listener;
    }
    return -1;
  }

  /** A free slot; where there is none, that of a connection that is over and idle. Looks through all at most once a second. */
  #freeSlot(now: number): number {
    if (now < this.#fullUntil) return -1;
    let idlest = -1;
    for (let looked = 0; looked < this.capacity; looked += 1) {
      this.#hand = this.#hand + 1 === this.capacity ? 0 : this.#hand + 1;
      const slot = this.#hand;
      if (this.#state[slot] === flowState.free) return slot;
      if (this.#state[slot] !== flowState.over) continue;
      if (now - this.#seen[slot]! >= lingerSeconds) {
        this.remove(slot);
        return slot;
      }
      if (idlest < 0 || this.#seen[slot]! < this.#seen[idlest]!) idlest = slot;
    }
    if (idlest >= 0 && now - this.#seen[idlest]! >= lingerWhenFullSeconds) {
      this.remove(idlest);
      return idlest;
    }
    this.#fullUntil = now + 1;
    return -1;
  }

  #unlink(slot: number): void {
    const address = slot * 4;
    const hash = (first: number, second: number) =>
      this.#hashOf(
        this.#address[address]!,
        this.#address[address + 1]!,
        this.#address[address + 2]!,
        this.#address[address + 3]!,
        first,
        second,
      );
    cut(this.#forward, this.#nextForward, hash(this.#appPort[slot]!, this.#port[slot]!), slot);
    cut(this.#backward, this.#nextBackward, hash(this.#appPort[slot]!, this.#listener[slot]!), slot);
  }

  #towards(slot: number, packet: PacketView): boolean {
    const at = slot * 4;
    return (
      this.#address[at + 3] === packet.destination3 &&
      this.#address[at + 2] === packet.destination2 &&
      this.#address[at + 1] === packet.destination1 &&
      this.#address[at] === packet.destination0 &&
      this.#family[slot] === packet.family
    );
  }

  #hash(packet: PacketView, first: number, second: number): number {
    const { destination0, destination1, destination2, destination3 } = packet;
    return this.#hashOf(destination0, destination1, destination2, destination3, first, second);
  }

  #hashOf(a: number, b: number, c: number, d: number, first: number, second: number): number {
    let hash = Math.imul(a ^ 0x9e3779b1, 0x85ebca6b);
    hash = Math.imul(hash ^ b ^ (hash >>> 15), 0xc2b2ae35);
    hash = Math.imul(hash ^ c ^ (hash >>> 13), 0x27d4eb2f);
    hash = Math.imul(hash ^ d ^ (hash >>> 16), 0x165667b1);
    hash = Math.imul(hash ^ ((first << 16) | second) ^ (hash >>> 15), 0x9e3779b1);
    return (hash ^ (hash >>> 14)) & this.#mask;
  }
}

/** Takes a slot out of its bucket's chain. */
function cut(heads: Int32Array, next: Int32Array, bucket: number, slot: number): void {
  if (heads[bucket] === slot) {
    heads[bucket] = next[slot]!;
  } else {
    let at = heads[bucket]!;
    while (next[at] !== slot) at = next[at]!;
    next[at] = next[slot]!;
  }
  next[slot] = -1;
}
