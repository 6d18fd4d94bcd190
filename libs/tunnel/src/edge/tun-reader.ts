import type { FilterSettings } from '../filter/filter.ts';
import { dropReasons, type DropReason } from '../filter/verdict.ts';
import type { TunDevice } from '../router/contract.ts';
import type { TcpEnds } from './tcp-ends.ts';
import { write } from './tun-worker-calls.ts';
import {
  counter,
  flag,
  framingLength,
  numbersPerHead,
  writeFraming,
  type FromTunWorker,
  type ToTunWorker,
  type TunWorkerData,
} from './tun-worker-messages.ts';

/** A packet that the reader of the device handed over. */
export interface HandedPacket {
  readonly verdict: number;
  readonly network: number;
  /** The held connection of a SYN; -1 for everything else. */
  readonly slot: number;
  readonly generation: number;
  /** The listener's port that the connection will come to. */
  readonly listenPort: number;
  readonly bytes: Uint8Array;
}

export interface TunReaderSettings {
  readonly device: TunDevice;
  readonly filter: FilterSettings;
  readonly listenPorts: TunWorkerData['listenPorts'];
  /** Where the programs' connections end here; in the event loop alone. */
  readonly ends?: TcpEnds | undefined;
  /** Connections at once, and how many of them may wait for the far side. */
  readonly flowsMax: number;
  readonly heldMax: number;
  readonly packet: (packet: HandedPacket) => void;
  /** Connections that a changed filter no longer covers. */
  readonly removed: (slots: readonly (readonly [slot: number, generation: number])[]) => void;
  readonly ended: (reason: string) => void;
}

export interface TunCounters {
  readonly packets: number;
  readonly open: number;
  readonly held: number;
  readonly drops: Partial<Record<DropReason, number>>;
}

/** The router's side of whatever reads the device: a thread of its own, or the event loop of the router. */
export interface TunReader {
  /** Tells something that is to be done now. */
  tell(message: ToTunWorker): void;
  /** Tells something that must be known before the next packet of a connection, and not sooner: nobody is woken. */
  note(message: ToTunWorker): void;
  /**
   * Sends a packet to the person's programs. A packet that the device does not take is lost, as on any wire. `answered` where the kernel answers it before
   * the call is over: the answer is then read at once, where the device is read here.
   */
  send(packet: Uint8Array, answered?: boolean): void;
  /** A packet was sent past it that the kernel has answered: the answer is read at once, where the device is read here. */
  answered(): void;
  /** A packet that was sent past it was not taken. */
  lost(): void;
  /** Packets read, and drops by reason. */
  counters(): TunCounters;
  /** Stops reading and closes the device. */
  close(): Promise<void>;
}

/** Takes the packets of a message apart. */
export function handOver(
  { heads, bytes }: Extract<FromTunWorker, { kind: 'packets' }>,
  flags: Int32Array,
  take: (packet: HandedPacket) => void,
): void {
  let at = 0;
  for (let head = 0; head < heads.length; head += numbersPerHead) {
    const [verdict = 0, network = 0, slot = -1, generation = 0, listenPort = 0, length = 0] = heads.slice(
      head,
      head + numbersPerHead,
    );
    take({ verdict, network, slot, generation, listenPort, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  Atomics.sub(flags, flag.behind, bytes.length);
}

/** Writes a packet without framing to the device; false when it was not taken. */
export function sendTo({ fd, framing }: TunDevice, packet: Uint8Array): boolean {
  const header = framingLength[framing];
  let framed = packet;
  if (header > 0) {
    framed = new Uint8Array(header + packet.length);
    writeFraming(framing, framed, packet[0]! >>> 4);
    framed.set(packet, header);
  }
  return Number(write(fd, framed, framed.length)) >= 0;
}

export function readCounters(counters: Float64Array): TunCounters {
  const drops: Partial<Record<DropReason, number>> = {};
  dropReasons.forEach((reason, index) => {
    const count = counters[counter.drops + index]!;
    if (count > 0) drops[reason] = count;
  });
  const { packets, open, held } = counter;
  return { packets: counters[packets]!, open: counters[open]!, held: counters[held]!, drops };
}
