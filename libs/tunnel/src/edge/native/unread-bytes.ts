import type { Duplex } from 'node:stream';
import { socketOptionsOf } from './socket-options.ts';

/** `SOL_SOCKET` and `SO_RCVBUF`; `IPPROTO_TCP` and `TCP_INFO`, with where the shortest round trip stands in it (linux/tcp.h, microseconds). */
const linux = { socketLevel: 1, receiveBuffer: 8, tcpLevel: 6, tcpInfo: 11, shortestTripAt: 148 } as const;
/** There and back to somebody near: the same network of a region. */
const nearMicroseconds = 1_000;
/** The kernel takes it twice, for what it needs itself: some 200 KiB may come unread, in a millisecond 1.6 Gbit/s. */
const unreadBytesMax = 128 * 1024;

/**
 * Keeps what a near program may send before it is read short (Linux). The kernel lets such a queue grow to megabytes, which the processor's cache does not hold, for
 * nothing: it is full again before it is empty. False where nothing was changed: the way is longer and needs the room, the stream is no connected TCP
 * socket, or native calls cannot be loaded.
 */
export async function boundUnreadBytes(connection: Duplex): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const options = await socketOptionsOf(connection);
  const info = options?.get(linux.tcpLevel, linux.tcpInfo, linux.shortestTripAt + 4);
  if (options === undefined || info === undefined || !isNear(info)) return false;
  return options.set(linux.socketLevel, linux.receiveBuffer, unreadBytesMax);
}

/** What the kernel tells of a connection; an old one tells less, and without a round trip it says the greatest number. */
export function isNear(info: DataView): boolean {
  if (info.byteLength < linux.shortestTripAt + 4) return false;
  return info.getUint32(linux.shortestTripAt, littleEndian) <= nearMicroseconds;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
