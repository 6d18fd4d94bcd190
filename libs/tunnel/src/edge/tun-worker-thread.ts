import { closeSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Problem } from '@sallyport/problems';
import type { FilterSettings } from '../filter/filter.ts';
import { dropReasons, type DropReason } from '../filter/verdict.ts';
import type { TunDevice } from '../router/contract.ts';
import {
  counter,
  countersOf,
  flag,
  flagsOf,
  framingLength,
  numbersPerHead,
  sharedMemory,
  writeFraming,
  type FromTunWorker,
  type ToTunWorker,
  type TunWorkerData,
} from './tun-worker-messages.ts';

/** A packet that the thread handed over. */
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

export interface TunThreadSettings {
  readonly device: TunDevice;
  readonly filter: FilterSettings;
  readonly listenPorts: TunWorkerData['listenPorts'];
  /** Connections at once, and how many of them may wait for the far side. */
  readonly flowsMax: number;
  readonly heldMax: number;
  readonly packet: (packet: HandedPacket) => void;
  /** Connections that a changed filter no longer covers. */
  readonly removed: (slots: readonly (readonly [slot: number, generation: number])[]) => void;
  readonly ended: (reason: string) => void;
}

/** The router's side of the thread that reads the device. */
export class TunThread {
  readonly #device: TunDevice;
  /** Resolves when the thread is gone: by its own, as with a device that was taken away, or because it was told to stop. */
  readonly #gone: Promise<unknown>;
  readonly #port: MessagePort;
  readonly #flags: Int32Array;
  readonly #counters: Float64Array;
  #wake = -1;
  #woken = -1;
  #over = false;
  readonly #atExit = () => this.#say(['stop']);

  private constructor(
    settings: TunThreadSettings,
    worker: Worker,
    port: MessagePort,
    shared: SharedArrayBuffer,
  ) {
    this.#device = settings.device;
    this.#gone = new Promise((resolve) => worker.once('exit', resolve));
    this.#port = port;
    this.#flags = flagsOf(shared);
    this.#counters = countersOf(shared);
    port.on('message', (message: FromTunWorker) => {
      if (message.kind === 'packets') this.#handOver(message, settings.packet);
      else if (message.kind === 'removed') settings.removed(message.slots);
      else if (message.kind === 'ended') settings.ended(message.reason);
    });
  }

  /** Starts the thread; resolves when it reads. Throws ROUTE_DEVICE_FAILED when it does not come to that. */
  static async start(settings: TunThreadSettings): Promise<TunThread> {
    const shared = sharedMemory();
    const { port1, port2 } = new MessageChannel();
    const data: TunWorkerData = {
      fd: settings.device.fd,
      framing: settings.device.framing,
      filter: settings.filter,
      listenPorts: settings.listenPorts,
      flowsMax: settings.flowsMax,
      heldMax: settings.heldMax,
      shared,
      port: port2,
    };
    const file = new URL(
      import.meta.url.endsWith('.ts') ? './tun-worker.ts' : './tun-worker.js',
      import.meta.url,
    );
    const worker = new Worker(file, { workerData: data, transferList: [port2] });
    const failed = once(worker, 'error').then(([error]) => {
      throw new Problem('ROUTE_DEVICE_FAILED', { detail: String(error), cause: error });
    });
    failed.catch(() => undefined);
    const thread = new TunThread(settings, worker, port1, shared);
    const [first] = (await Promise.race([once(port1, 'message'), failed])) as [FromTunWorker];
    if (first.kind !== 'reading')
      throw new Problem('ROUTE_DEVICE_FAILED', { detail: 'the device could not be read' });
    thread.#wake = first.wake;
    thread.#woken = first.woken;
    worker.on('error', (error) => settings.ended(String(error)));
    process.once('exit', thread.#atExit);
    return thread;
  }

  #handOver(
    { heads, bytes }: Extract<FromTunWorker, { kind: 'packets' }>,
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
    Atomics.sub(this.#flags, flag.behind, bytes.length);
  }

  /** Tells the thread something; it is woken when it waits. */
  tell(message: ToTunWorker): void {
    if (!this.#over) this.#say(message);
  }

  #say(message: ToTunWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#flags, flag.messages, 1);
    if (Atomics.load(this.#flags, flag.waiting) === 1) writeSync(this.#wake, 'w');
  }

  /** Sends a packet to the person's programs. A packet that the device does not take is lost, as on any wire. */
  send(packet: Uint8Array): void {
    if (this.#over) return;
    const header = framingLength[this.#device.framing];
    let framed = packet;
    if (header > 0) {
      framed = new Uint8Array(header + packet.length);
      writeFraming(this.#device.framing, framed, packet[0]! >>> 4);
      framed.set(packet, header);
    }
    try {
      writeSync(this.#device.fd, framed);
    } catch {
      this.#counters[counter.writeErrors]! += 1;
    }
  }

  /** Counters of the thread: packets read, and drops by reason. */
  counters(): { packets: number; open: number; held: number; drops: Partial<Record<DropReason, number>> } {
    const drops: Partial<Record<DropReason, number>> = {};
    dropReasons.forEach((reason, index) => {
      const count = this.#counters[counter.drops + index]!;
      if (count > 0) drops[reason] = count;
    });
    const { packets, open, held } = counter;
    return {
      packets: this.#counters[packets]!,
      open: this.#counters[open]!,
      held: this.#counters[held]!,
      drops,
    };
  }

  /** Stops the thread and closes the device. */
  async close(): Promise<void> {
    if (this.#over) return;
    this.#say(['stop']);
    this.#over = true;
    process.off('exit', this.#atExit);
    await this.#gone;
    this.#port.close();
    for (const fd of [this.#device.fd, this.#wake, this.#woken]) closeSync(fd);
  }
}
