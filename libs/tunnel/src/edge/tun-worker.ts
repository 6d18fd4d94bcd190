/**
 * The thread that reads the device: until nothing is left, then it waits in poll for the device or for the router. TCP passes here by address swap;
 * everything that needs more than the rewriting of a packet goes to the router.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { again, errno, makeNonBlocking, poll, read, wakePipe } from './tun-worker-calls.ts';
import { PacketPath } from './tun-worker-path.ts';
import {
  flag,
  flagsOf,
  type FromTunWorker,
  type ToTunWorker,
  type TunWorkerData,
} from './tun-worker-messages.ts';

const data = workerData as TunWorkerData;
const { fd, port } = data;
const flags = flagsOf(data.shared);
const path = new PacketPath(data);

/** After so many packets without a pause, messages of the router are looked for. */
const packetsAtOnce = 64;
/** Only a process that ends without saying so needs this: a thread inside a call cannot be stopped. */
const longestWaitMs = 5_000;

const readable = 1;
const troubled = 8 | 16 | 32;

/** Two `struct pollfd`: the device and the wake-up pipe. */
function pollList(wake: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, readable, true);
  view.setInt32(8, wake, true);
  view.setInt16(12, readable, true);
  return { bytes, view };
}

let stopped = false;

/** Takes the router's messages. */
function obey(): void {
  if (Atomics.exchange(flags, flag.messages, 0) === 0) return;
  for (;;) {
    const received: { readonly message: ToTunWorker } | undefined = receiveMessageOnPort(port);
    if (received === undefined) return;
    if (received.message[0] === 'stop') stopped = true;
    else path.obey(received.message);
  }
}

/** Reads until nothing is left. The reason for the end, or undefined while there is none. */
function drain(): string | undefined {
  for (let count = 0; count < packetsAtOnce; count += 1) {
    const length = Number(read(fd, path.buffer, path.buffer.length));
    if (length <= 0) {
      path.idle = true;
      if (length === 0) return 'the device is closed';
      const error = errno();
      return again.has(error) ? undefined : `reading the device failed with error ${error}`;
    }
    path.take(length);
  }
  path.idle = false;
  return undefined;
}

function run(): string {
  makeNonBlocking(fd);
  path.catchUp = obey;
  const wake = wakePipe();
  const list = pollList(wake.reading);
  const woken = new Uint8Array(64);
  port.postMessage({ kind: 'reading', wake: wake.writing, woken: wake.reading } satisfies FromTunWorker);
  for (;;) {
    path.now = performance.now() / 1000;
    const ended = drain();
    path.flush();
    if (ended !== undefined) return ended;
    obey();
    if (stopped) return 'stopped';
    if (!path.idle) continue;
    Atomics.store(flags, flag.waiting, 1);
    // A message that came before this line was seen is not waited for; one that comes later finds the flag and wakes.
    if (Atomics.load(flags, flag.messages) === 0) {
      poll(list.bytes, 2, longestWaitMs);
      if (list.view.getInt16(14, true) !== 0) read(wake.reading, woken, woken.length);
      if ((list.view.getInt16(6, true) & troubled) !== 0 && (list.view.getInt16(6, true) & readable) === 0) {
        Atomics.store(flags, flag.waiting, 0);
        return 'the device is gone';
      }
    }
    Atomics.store(flags, flag.waiting, 0);
  }
}

const reason = run();
if (reason !== 'stopped') port.postMessage({ kind: 'ended', reason } satisfies FromTunWorker);
port.close();
