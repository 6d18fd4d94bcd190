import type { Duplex } from 'node:stream';
import { PartList } from './part-list.ts';

/** MSG_DONTWAIT and MSG_NOSIGNAL. */
const flags = 0x4040;
/** Parts shorter than this are copied to each other first: that costs less than one more part for the kernel to find. */
const smallBytes = 512;

type SendMessage = (fd: number, message: Uint8Array, flags: number) => number;

interface Native {
  readonly send: SendMessage;
  readonly list: PartList;
}

let native: Native | undefined;
let asked = false;
/** Copies of small parts, one behind the other, of one call. */
const gathered = new Uint8Array(8_192);

/** Loads what {@link writeNow} needs; until then, and where that cannot be done, it writes nothing. */
export async function loadWriteNow(): Promise<void> {
  if (asked || process.platform !== 'linux') return;
  asked = true;
  try {
    const { default: koffi } = await import('koffi');
    const send = koffi.load(null).func('long sendmsg(int fd, const void *message, int flags)');
    native = { send: send as unknown as SendMessage, list: new PartList((bytes) => koffi.address(bytes)) };
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
  if (native === undefined) {
    if (!asked) void loadWriteNow();
    return 0;
  }
  const fd = descriptorOf(to);
  if (fd < 0) return 0;
  const { list, send } = native;
  let written = 0;
  for (let at = 0; at < parts.length;) {
    at = fill(list, parts, at);
    if (list.bytes === 0) continue;
    const taken = Number(send(fd, list.message, flags));
    if (taken > 0) written += taken;
    if (taken !== list.bytes) break;
  }
  return written;
}

/** Puts as many parts into one call as it takes; where the rest begins. */
function fill(list: PartList, parts: readonly Uint8Array[], from: number): number {
  list.begin();
  let used = 0;
  let at = from;
  while (at < parts.length && !list.full) {
    const part = parts[at]!;
    if (part.length > smallBytes) {
      list.add(part, 0, part.length);
      at += 1;
      continue;
    }
    const begins = used;
    let next: Uint8Array | undefined = part;
    while (next !== undefined && next.length <= smallBytes && used + next.length <= gathered.length) {
      gathered.set(next, used);
      used += next.length;
      next = parts[++at];
    }
    if (used > begins) list.add(gathered, begins, used - begins);
    else if (next !== undefined && next.length <= smallBytes) return at;
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
