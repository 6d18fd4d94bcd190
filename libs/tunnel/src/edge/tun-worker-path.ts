import { tcpReset, unreachable, type Unreachable } from '../packet/answers.ts';
import { sum, writeChecksum } from '../packet/checksum.ts';
import { PacketView, protocolNumbers, tcpFlags } from '../packet/packet-view.ts';
import { swapAddresses, writeTcpPort } from '../packet/swap.ts';
import { Filter } from '../filter/filter.ts';
import { reasonNumber, verdict, type Verdict } from '../filter/verdict.ts';
import { flowState, TcpFlows } from '../flow/tcp-flows.ts';
import { write } from './tun-worker-calls.ts';
import {
  counter,
  countersOf,
  flag,
  flagsOf,
  framingLength,
  writeFraming,
  type FromTunWorker,
  type ToTunWorker,
  type TunWorkerData,
} from './tun-worker-messages.ts';

/** Connections that one source port may have to one address at once, where no listeners bound it. */
const endsEach = 4;
/** Room for the greatest packet of any device, and its framing. */
export const bufferLength = 65_536 + 64;
const batchLength = 256 * 1024;
/** Bytes that the router may lag behind before datagrams are dropped. */
const behindMax = 8 << 20;
/** Refusals told to the person's programs, each second: a scan of a subnet must not become a storm of answers. */
const answersPerSecond = 1_000;
/** Reasons for which a program is told that an administrator's decision stands in the way. */
const prohibited = new Set<number>(
  (
    [
      'address-not-granted',
      'protocol-not-granted',
      'port-not-granted',
      'not-carried',
      'never-routed',
    ] as const
  ).map((reason) => reasonNumber[reason]),
);

/** What it is told at its start; what it has to say goes to `port`. */
export type PathData = Omit<TunWorkerData, 'port'> & {
  /** Where connections end in this very thread; else the kernel ends them, at listeners. */
  readonly ends?: { has(slot: number): boolean; take(slot: number, view: PacketView): boolean } | undefined;
  readonly port: { postMessage(message: FromTunWorker, transfer?: readonly ArrayBuffer[]): void };
};

/** What happens to one packet after the other. Not a thread of its own, so that it can be tried without one. */
export class PacketPath {
  /** Into this the device was read: framing first, then the packet. */
  buffer = new Uint8Array(bufferLength);
  /** Whether the device had nothing left. */
  idle = true;
  /** Seconds of a clock that never goes back. */
  now = 0;
  /** Takes the messages of the router that have come meanwhile. */
  catchUp: () => void = () => undefined;
  readonly #data: PathData;
  readonly #header: number;
  readonly #view = new PacketView();
  /** Packets that are made here. */
  readonly #made = new Uint8Array(bufferLength);
  readonly #held = new Map<number, Uint8Array>();
  readonly #flows: TcpFlows;
  readonly #flags: Int32Array;
  readonly #counters: Float64Array;
  /** By family and port: the number of the listener, plus one. */
  readonly #listenerOf = { 4: new Uint8Array(65_536), 6: new Uint8Array(65_536) };
  #filter: Filter;
  #heads: number[] = [];
  readonly #batch = new Uint8Array(batchLength);
  #batched = 0;
  #answersLeft = answersPerSecond;
  #answersSince = 0;

  constructor(data: PathData) {
    this.#data = data;
    this.#header = framingLength[data.framing];
    this.#flags = flagsOf(data.shared);
    this.#counters = countersOf(data.shared);
    this.#filter = new Filter(data.filter);
    this.#flows = new TcpFlows(
      data.flowsMax,
      data.ends ? endsEach : Math.max(data.listenPorts[4].length, data.listenPorts[6].length, 1),
    );
    for (const family of [4, 6] as const)
      data.listenPorts[family].forEach((port, index) => (this.#listenerOf[family][port] = index + 1));
  }

  /** Handles what was read into {@link buffer}. */
  take(length: number): void {
    this.#counters[counter.packets]! += 1;
    const malformed = this.#view.read(this.buffer, this.#header, length);
    if (malformed !== '') return this.#drop(reasonNumber[malformed]);
    if (this.#view.protocol === protocolNumbers.tcp && this.#takeSegment(length)) return;
    const judged = this.#filter.judge(this.#view);
    if (judged === verdict.drop) return this.#refuse(this.#filter.reason);
    if (judged === verdict.tcp) return this.#takeNew(length);
    if (judged === verdict.raw && this.#isSegmented()) return this.#drop(reasonNumber['not-carried']);
    if (Atomics.load(this.#flags, flag.behind) > behindMax) return this.#drop(reasonNumber['router-behind']);
    if (judged === verdict.raw) this.#completeChecksum(length);
    this.#post(judged, -1, 0);
  }

  /** A segment of a connection that is known: rewritten and sent back. False when it belongs to none. */
  #takeSegment(length: number): boolean {
    const view = this.#view;
    const flows = this.#flows;
    if (!this.#filter.fromDevice(view)) {
      this.#drop(reasonNumber['foreign-source']);
      return true;
    }
    const listener = this.#listenerOf[view.family][view.sourcePort]! - 1;
    if (listener >= 0) {
      const slot = flows.findBack(view, listener);
      // Whatever else the listener's port sends (a reset to a stray) concerns nobody behind the device.
      if (slot < 0) this.#drop(reasonNumber['no-flow']);
      else {
        flows.note(slot, view.flags, false, this.now);
        writeTcpPort(view, 'source', flows.port(slot), this.#isPartial());
        this.#sendBack(length);
      }
      return true;
    }
    let slot = flows.find(view);
    if (slot < 0) return false;
    const opens = (view.flags & (tcpFlags.syn | tcpFlags.ack)) === tcpFlags.syn;
    if ((opens || flows.state(slot) === flowState.held) && this.#hasCaughtUp(length)) {
      slot = flows.find(view);
      if (slot < 0) return false;
    }
    if (flows.state(slot) === flowState.held) {
      this.#drop(reasonNumber['held-again']);
      return true;
    }
    const { ends } = this.#data;
    // The program may use its port again as soon as its own side is over, though the stream behind it is still ending.
    if (opens && (flows.state(slot) === flowState.over || ends?.has(slot) === false)) {
      flows.remove(slot);
      return false;
    }
    // Where connections end here, their ends alone know whether a reset holds.
    flows.note(slot, ends ? 0 : view.flags, true, this.now);
    if (ends === undefined) this.#toListener(slot, length);
    else if (!ends.take(slot, view)) this.#send(tcpReset(view));
    return true;
  }

  /** What the router said of a connection comes before its next packet, though nobody was woken for it. False when nothing was said. */
  #hasCaughtUp(length: number): boolean {
    if (Atomics.load(this.#flags, flag.messages) === 0) return false;
    const packet = this.buffer.slice(0, length);
    this.catchUp();
    this.buffer.set(packet);
    this.#view.read(this.buffer, this.#header, length);
    return true;
  }

  #toListener(slot: number, length: number): void {
    const port = this.#data.listenPorts[this.#view.family][this.#flows.listener(slot)]!;
    writeTcpPort(this.#view, 'destination', port, this.#isPartial());
    this.#sendBack(length);
  }

  /** A granted segment of no connection: a SYN is held back and told to the router. */
  #takeNew(length: number): void {
    const { flags } = this.#view;
    if ((flags & (tcpFlags.syn | tcpFlags.ack | tcpFlags.rst)) !== tcpFlags.syn)
      return this.#refuse(reasonNumber['no-flow']);
    if (this.#flows.held >= this.#data.heldMax) return this.#drop(reasonNumber['held-full']);
    const slot = this.#flows.hold(this.#view, this.#filter.network, this.now);
    if (slot < 0) return this.#drop(reasonNumber['flows-full']);
    this.#held.set(slot, this.buffer.slice(0, length));
    this.#post(verdict.tcp, slot, this.#flows.generation(slot));
    this.#countFlows();
  }

  /** Does what the router said; what concerns an earlier connection of the slot is ignored. */
  obey(message: ToTunWorker): void {
    if (message[0] === 'filter') return this.#replaceFilter(new Filter(message[1]));
    if (message[0] === 'stop') return;
    const [what, slot, generation] = message;
    if (this.#flows.generation(slot) !== generation) return;
    if (what === 'release') this.#flows.release(slot);
    else if (what === 'admitted') this.#admitted(slot);
    else this.#decideHeld(slot, what, message[3]);
    this.#countFlows();
  }

  #admitted(slot: number): void {
    this.#held.delete(slot);
    this.#flows.admit(slot);
  }

  #decideHeld(slot: number, what: 'reset' | 'unreachable' | 'forget', why: Unreachable = 'host'): void {
    const syn = this.#held.get(slot);
    if (syn === undefined || this.#flows.state(slot) !== flowState.held) return;
    this.#held.delete(slot);
    this.#view.read(syn, this.#header, syn.length);
    this.#flows.remove(slot);
    if (what === 'reset') this.#send(tcpReset(this.#view));
    if (what === 'unreachable') this.#send(unreachable(this.#view, why));
  }

  /** Connections that the new filter no longer covers are forgotten, and the router is told. */
  #replaceFilter(filter: Filter): void {
    this.#filter = filter;
    const removed: (readonly [number, number])[] = [];
    this.#flows.forEach((slot) => {
      if (this.#flows.state(slot) === flowState.over) return;
      this.#flows.describe(slot, this.#view);
      if (filter.judgeDestination(this.#view) === verdict.tcp) return;
      removed.push([slot, this.#flows.generation(slot)]);
      // An open one stays until the router has reset its two ends; a held one is nobody's yet.
      if (this.#flows.state(slot) === flowState.held) {
        this.#decideHeld(slot, 'unreachable', 'prohibited');
      } else this.#flows.release(slot);
    });
    if (removed.length > 0) this.#tell({ kind: 'removed', slots: removed });
    this.#countFlows();
  }

  /** Hands what was gathered for the router over. */
  flush(): void {
    if (this.#heads.length === 0) return;
    const bytes = this.#batch.slice(0, this.#batched);
    Atomics.add(this.#flags, flag.behind, bytes.length);
    this.#data.port.postMessage({ kind: 'packets', heads: this.#heads, bytes } satisfies FromTunWorker, [
      bytes.buffer,
    ]);
    this.#heads = [];
    this.#batched = 0;
  }

  #post(judged: Verdict, slot: number, generation: number): void {
    const { bytes, start, end } = this.#view;
    const length = end - start;
    if (this.#batched + length > batchLength) this.flush();
    this.#batch.set(bytes.subarray(start, end), this.#batched);
    this.#batched += length;
    const listenPort =
      slot < 0 ? 0 : (this.#data.listenPorts[this.#view.family][this.#flows.listener(slot)] ?? 0);
    this.#heads.push(judged, this.#filter.network, slot, generation, listenPort, length);
  }

  #tell(message: FromTunWorker): void {
    this.#data.port.postMessage(message);
  }

  #drop(reason: number): void {
    this.#counters[counter.drops + reason]! += 1;
  }

  /** Drops, and tells the sender as the kernel of a router would, so that a program fails at once and not by a time-out. */
  #refuse(reason: number): void {
    this.#drop(reason);
    const stray = reason === reasonNumber['no-flow'];
    if (!stray && !prohibited.has(reason)) return;
    const answer = stray ? tcpReset(this.#view) : unreachable(this.#view, 'prohibited');
    if (answer === undefined) return;
    if (this.now - this.#answersSince >= 1) {
      this.#answersSince = this.now;
      this.#answersLeft = answersPerSecond;
    }
    if (this.#answersLeft <= 0) return this.#drop(reasonNumber['answers-limited']);
    this.#answersLeft -= 1;
    this.#send(answer);
  }

  /** Sends what is in the buffer back to this machine, addresses exchanged. */
  #sendBack(length: number): void {
    swapAddresses(this.#view);
    this.#write(this.buffer, length);
  }

  /** Sends a packet that was made here. */
  #send(packet: Uint8Array | undefined): void {
    if (packet === undefined) return;
    writeFraming(this.#data.framing, this.#made, packet[0]! >>> 4);
    this.#made.set(packet, this.#header);
    this.#write(this.#made, this.#header + packet.length);
  }

  #write(bytes: Uint8Array, length: number): void {
    if (Number(write(this.#data.fd, bytes, length)) >= 0) {
      this.#counters[counter.written]! += 1;
      return;
    }
    // The packet is lost, as on any wire; what made it sends again.
    this.#counters[counter.writeErrors]! += 1;
  }

  /** Whether the checksum is left to the device (virtio_net_hdr, NEEDS_CSUM). */
  #isPartial(): boolean {
    return this.#data.framing === 'vnet' && (this.buffer[0]! & 1) === 1;
  }

  /** Completes a checksum that was left to the device: its field holds the pseudo header's sum already. */
  #completeChecksum(length: number): void {
    if (!this.#isPartial()) return;
    const { buffer } = this;
    const from = this.#header + (buffer[6]! | (buffer[7]! << 8));
    const at = from + (buffer[8]! | (buffer[9]! << 8));
    if (at + 2 <= length) writeChecksum(buffer, at, sum(buffer, from, this.#view.end));
  }

  #countFlows(): void {
    this.#counters[counter.open] = this.#flows.open;
    this.#counters[counter.held] = this.#flows.held;
  }

  /** Whether this is one packet for many (virtio_net_hdr, gso_type). */
  #isSegmented(): boolean {
    return this.#data.framing === 'vnet' && this.buffer[1] !== 0;
  }
}
