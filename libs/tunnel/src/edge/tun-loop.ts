import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { canBeAwaited, openPipe, putInPlace } from './descriptor-stream.ts';
import {
  handOver,
  readCounters,
  sendTo,
  type TunCounters,
  type TunReader,
  type TunReaderSettings,
} from './tun-reader.ts';
import { makeNonBlocking, read } from './tun-worker-calls.ts';
import { bufferLength, PacketPath } from './tun-worker-path.ts';
import {
  counter,
  countersOf,
  flagsOf,
  sharedMemory,
  type FromTunWorker,
  type ToTunWorker,
} from './tun-worker-messages.ts';

/** After so many packets without a pause, everything else has its turn. */
const packetsAtOnce = 32;

/**
 * Reads the device in the event loop of the router itself, so that a packet that opens a connection, or is one byte of typing, wakes one thread and not
 * two. Linux alone: the loop waits for the device in place of a pipe that it was given.
 */
export class TunLoop implements TunReader {
  readonly #settings: TunReaderSettings;
  readonly #path: PacketPath;
  /** What the event loop itself reads into, whenever it wants to: never lent. */
  readonly #first = new Uint8Array(bufferLength);
  readonly #socket: Socket;
  readonly #flags: Int32Array;
  readonly #counters: Float64Array;
  #told: FromTunWorker[] = [];
  #over = false;
  /** Packets are being read: one that is sent now is answered into the same reading, or into the next. */
  #draining = false;
  /** The device was taken away; its error and its end are told as one. */
  #lost = false;

  private constructor(settings: TunReaderSettings, pipe: number) {
    const { device, filter, listenPorts, flowsMax, heldMax, ends } = settings;
    const shared = sharedMemory();
    this.#settings = settings;
    this.#flags = flagsOf(shared);
    this.#counters = countersOf(shared);
    this.#path = new PacketPath({
      ...{ fd: device.fd, framing: device.framing, filter, listenPorts, flowsMax, heldMax, shared, ends },
      port: { postMessage: (message) => void this.#told.push(message) },
    });
    this.#socket = new Socket({
      fd: pipe,
      readable: true,
      writable: false,
      onread: { buffer: this.#first, callback: (length) => this.#take(length) },
    });
    this.#socket.on('error', (error) => this.#gone(error.message));
    this.#socket.on('close', () => this.#gone('the device is closed'));
  }

  /** Begins to read; undefined where the device cannot be waited for in this way. Throws what keeps it from beginning, and leaves nothing open then. */
  static start(settings: TunReaderSettings): TunLoop | undefined {
    const { fd } = settings.device;
    if (process.platform !== 'linux' || !canBeAwaited(fd)) return undefined;
    makeNonBlocking(fd);
    const pipe = openPipe();
    let loop: TunLoop | undefined;
    try {
      loop = new TunLoop(settings, pipe.reading);
      putInPlace(fd, pipe.reading);
      loop.#socket.resume();
      return loop;
    } catch (error) {
      if (loop) loop.#abandon();
      else closeSync(pipe.reading);
      throw error;
    } finally {
      closeSync(pipe.writing);
    }
  }

  /** Lets go of the pipe; nobody was told of a beginning, so nobody is told of an end. */
  #abandon(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  /** Where the next packet is read into: where connections end here, memory that may be lent to whoever carries it on. */
  #room(): Uint8Array<ArrayBuffer> {
    const { ends } = this.#settings;
    return (this.#path.buffer = ends?.room() ?? this.#first);
  }

  /** The first packet was read by the event loop; those that wait behind it are read here. */
  #take(length: number): boolean {
    this.#path.now = performance.now() / 1000;
    this.#path.buffer = this.#first;
    this.#path.take(length);
    this.#drain();
    return true;
  }

  /** Reads what waits in the device. */
  #drain(): void {
    const path = this.#path;
    this.#draining = true;
    for (let count = 1; count < packetsAtOnce; count += 1) {
      const room = this.#room();
      const next = Number(read(this.#settings.device.fd, room, room.length));
      if (next <= 0) break;
      path.take(next);
    }
    path.flush();
    this.#tell();
    this.#settings.ends?.settle();
    this.#draining = false;
  }

  #tell(): void {
    const told = this.#told;
    if (told.length === 0) return;
    this.#told = [];
    for (const message of told) {
      if (message.kind === 'packets') handOver(message, this.#flags, this.#settings.packet);
      else if (message.kind === 'removed') this.#settings.removed(message.slots);
    }
  }

  #gone(reason: string): void {
    if (this.#over || this.#lost) return;
    this.#lost = true;
    this.#settings.ended(reason);
  }

  tell(message: ToTunWorker): void {
    if (this.#over) return;
    this.#path.obey(message);
    // Whoever tells is not told in the same breath.
    if (this.#told.length > 0) queueMicrotask(() => this.#tell());
  }

  note(message: ToTunWorker): void {
    this.tell(message);
  }

  send(packet: Uint8Array, answered = false): void {
    if (this.#over) return;
    if (!sendTo(this.#settings.device, packet)) this.lost();
    else if (answered) this.answered();
  }

  answered(): void {
    if (this.#over || this.#draining) return;
    this.#path.now = performance.now() / 1000;
    this.#drain();
  }

  lost(): void {
    this.#counters[counter.writeErrors]! += 1;
  }

  counters(): TunCounters {
    return readCounters(this.#counters);
  }

  close(): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#over = true;
    return new Promise((resolve) => {
      const closed = () => {
        closeSync(this.#settings.device.fd);
        resolve();
      };
      // A device that was taken away has closed it already, and that is not told again.
      if (this.#socket.closed) return closed();
      this.#socket.once('close', closed);
      this.#socket.destroy();
    });
  }
}
