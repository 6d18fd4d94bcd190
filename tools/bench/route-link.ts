/**
 * A link of a given rate and delay between two network namespaces, for kernels without netem: two TUN devices joined by this process. Arguments: the
 * two namespaces, milliseconds each way, Mbit/s. Each way has a queue of its own that drops what is too much. Ends with SIGTERM.
 */
import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';
import { openTun } from '@sallyport/tunnel/testing';

const [left = '', right = '', delayText = '', rateText = ''] = process.argv.slice(2);
const delayMs = Number(delayText);
const bytesPerMs = (Number(rateText) * 1e6) / 8 / 1000;
/** What the queue before the link holds: 60 ms of it, as a good router has. */
const queueBytesMax = bytesPerMs * 60;

const library = koffi.load('libc.so.6');
const setns = library.func('int setns(int fd, int kind)') as unknown as (fd: number, kind: number) => number;
const read = library.func('long read(int fd, void *bytes, size_t length)') as unknown as (
  fd: number,
  bytes: Uint8Array,
  length: number,
) => number;
const write = library.func('long write(int fd, const void *bytes, size_t length)') as unknown as typeof read;
const ppoll = library.func(
  'int ppoll(void *fds, unsigned long count, void *wait, void *mask)',
) as unknown as (fds: Uint8Array, count: number, wait: Uint8Array | null, mask: null) => number;

/** Opens a device named dl0 in a namespace: this thread moves there for the moment. */
function openIn(name: string): number {
  const space = openSync(`/var/run/netns/${name}`, constants.O_RDONLY);
  if (setns(space, 0x4000_0000) !== 0) throw new Error(`setns: error ${koffi.errno()}`);
  closeSync(space);
  return openTun('dl0');
}

interface Way {
  readonly from: number;
  readonly to: number;
  readonly queue: { due: number; bytes: Uint8Array }[];
  first: number;
  /** When the link has sent everything that was accepted. */
  free: number;
}

const fds = [openIn(left), openIn(right)];
const ways: Way[] = [0, 1].map((end) => ({
  ...{ from: fds[end]!, to: fds[1 - end]!, queue: [], first: 0, free: 0 },
}));
const buffer = new Uint8Array(65_600);
const list = new Uint8Array(16);
const listView = new DataView(list.buffer);
fds.forEach((fd, index) => {
  listView.setInt32(index * 8, fd, true);
  listView.setInt16(index * 8 + 4, 1, true);
});
const wait = new Uint8Array(16);
const waitView = new DataView(wait.buffer);

function take(way: Way, now: number): void {
  for (let count = 0; count < 64; count += 1) {
    const length = Number(read(way.from, buffer, buffer.length));
    if (length <= 0) return;
    const begins = Math.max(now, way.free);
    if ((begins - now) * bytesPerMs > queueBytesMax) continue;
    way.free = begins + length / bytesPerMs;
    way.queue.push({ due: way.free + delayMs, bytes: buffer.slice(0, length) });
  }
}

/** Delivers what is due; when the next will be. */
function deliver(way: Way, now: number): number {
  while (way.first < way.queue.length && way.queue[way.first]!.due <= now) {
    const { bytes } = way.queue[way.first]!;
    write(way.to, bytes, bytes.length);
    way.first += 1;
  }
  if (way.first > 1024) {
    way.queue.splice(0, way.first);
    way.first = 0;
  }
  return way.queue[way.first]?.due ?? Infinity;
}

// This thread never returns to the event loop: SIGTERM has its default meaning, and the devices go with the process.
process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`, () => {
  for (;;) {
    const now = performance.now();
    for (const way of ways) take(way, now);
    const next = Math.min(...ways.map((way) => deliver(way, performance.now())));
    const ms = Math.max(0, next - performance.now());
    const idle = !Number.isFinite(ms);
    waitView.setBigInt64(0, BigInt(idle ? 0 : Math.floor(ms / 1000)), true);
    waitView.setBigInt64(8, BigInt(idle ? 0 : Math.floor((ms % 1000) * 1e6)), true);
    if (ms > 0) ppoll(list, 2, idle ? null : wait, null);
  }
});
