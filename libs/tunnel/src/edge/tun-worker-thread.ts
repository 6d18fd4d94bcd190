import { closeSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Problem } from '@sallyport/problems';
import type { TunDevice } from '../router/contract.ts';
import {
  handOver,
  readCounters,
  sendTo,
  type TunCounters,
  type TunReader,
  type TunReaderSettings,
} from './tun-reader.ts';
import {
  counter,
  countersOf,
  flag,
  flagsOf,
  sharedMemory,
  type FromTunWorker,
  type ToTunWorker,
  type TunWorkerData,
} from './tun-worker-messages.ts';

/** The router's side of the thread that reads the device. */
export class TunThread implements TunReader {
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
    settings: TunReaderSettings,
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
      if (message.kind === 'packets') handOver(message, this.#flags, settings.packet);
      else if (message.kind === 'removed') settings.removed(message.slots);
      else if (message.kind === 'ended') settings.ended(message.reason);
    });
  }

  /** Starts the thread; resolves when it reads. Throws ROUTE_DEVICE_FAILED when it does not come to that. */
  static async start(settings: TunReaderSettings): Promise<TunThread> {
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

  /** It is woken when it waits. */
  tell(message: ToTunWorker): void {
    if (!this.#over) this.#say(message);
  }

  note(message: ToTunWorker): void {
    if (this.#over) return;
    this.#port.postMessage(message);
    Atomics.add(this.#flags, flag.messages, 1);
  }

  #say(message: ToTunWorker): void {
    this.#port.postMessage(message);
    Atomics.add(this.#flags, flag.messages, 1);
    if (Atomics.load(this.#flags, flag.waiting) === 1) writeSync(this.#wake, 'w');
  }

  send(packet: Uint8Array): void {
    if (!this.#over && !sendTo(this.#device, packet)) this.lost();
  }

  /** The thread reads it soon. */
  answered(): void {}

  lost(): void {
    this.#counters[counter.writeErrors]! += 1;
  }

  counters(): TunCounters {
    return readCounters(this.#counters);
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
