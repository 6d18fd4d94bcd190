import type { Duplex } from 'node:stream';

/** MSG_DONTWAIT and MSG_NOSIGNAL; with MSG_MORE the kernel waits for what follows before it sends a packet that is not full. */
const flags = { last: 0x4040, more: 0xc040 } as const;
/** Parts shorter than this are copied to each other first: that costs less than a call. */
const smallBytes = 512;

type Send = (fd: number, bytes: Uint8Array, length: number, flags: number) => number;

let send: Send | undefined;
let asked = false;
const gathered = new Uint8Array(4_096);

/** Loads what {@link writeNow} needs; until then, and where that cannot be done, it writes nothing. */
export async function loadWriteNow(): Promise<void> {
  if (asked || process.platform !== 'linux') return;
  asked = true;
  try {
    const { default: koffi } = await import('koffi');
    send = koffi.load(null).func('long send(int fd, const void *bytes, size_t length, int flags)');
  } catch {
    // Not installed for this kind of machine, or a single executable: connections are written to in Node's way.
  }
}

/**
 * Hands parts to the kernel past the queues of Node, which cost more than the copying: as many bytes as it takes now. The rest, often all of it, is the
 * caller's to write as ever. 0 where the connection is none of the kernel's own, or something waits in its queue already; an error is left for the
 * ordinary write to find. What was taken is not in `bytesWritten` of the connection, and the kernel has its copy.
 */
export function writeNow(to: Duplex, parts: readonly Uint8Array[]): number {
  if (send === undefined) {
    if (!asked) void loadWriteNow();
    return 0;
  }
  const fd = descriptorOf(to);
  // Behind an empty part nothing would tell the kernel that all is said.
  if (fd < 0 || parts.at(-1)?.length === 0) return 0;
  let written = 0;
  for (let at = 0; at < parts.length;) {
    let bytes = parts[at]!;
    let next = at + 1;
    if (bytes.length <= smallBytes) {
      next = gather(parts, at);
      bytes = gathered.subarray(0, gatheredBytes);
    }
    const taken = Number(send(fd, bytes, bytes.length, next < parts.length ? flags.more : flags.last));
    if (taken > 0) written += taken;
    if (taken !== bytes.length) return written;
    at = next;
  }
  return written;
}

let gatheredBytes = 0;

/** Copies the run of small parts that begins at `from`, as far as there is room; where the rest begins. */
function gather(parts: readonly Uint8Array[], from: number): number {
  gatheredBytes = 0;
  let at = from;
  for (; at < parts.length; at += 1) {
    const part = parts[at]!;
    if (part.length > smallBytes || gatheredBytes + part.length > gathered.length) break;
    gathered.set(part, gatheredBytes);
    gatheredBytes += part.length;
  }
  return at;
}

/** What is left of parts whose first `written` bytes are gone. */
export function partsAfter(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written;
  let at = 0;
  while (at < parts.length && left >= parts[at]!.length) left -= parts[at++]!.length;
  if (at === 0 && left === 0) return parts;
  const rest = parts.slice(at);
  if (left > 0) rest[0] = rest[0]!.subarray(left);
  return rest;
}

interface Held {
  readonly connecting?: boolean;
  readonly _handle?: { readonly fd?: unknown; readonly constructor: { readonly name: string } } | null;
}

/** The number of a TCP connection of the kernel, whose queue in Node is empty; -1 of everything else. */
function descriptorOf(to: Duplex): number {
  // The descriptor is not part of Node's interface.
  const { connecting, _handle: handle } = to as unknown as Held;
  if (handle == null || connecting !== false || to.destroyed || to.writableEnded) return -1;
  if (to.writableLength > 0 || to.writableCorked > 0 || handle.constructor.name !== 'TCP') return -1;
  return typeof handle.fd === 'number' ? handle.fd : -1;
}
