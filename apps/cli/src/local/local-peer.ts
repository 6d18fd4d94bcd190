import type { Socket } from 'node:net';

/** `SOL_SOCKET`/`SO_PEERCRED` (Linux, unix(7)) and `SOL_LOCAL`/`LOCAL_PEERCRED` (macOS, sys/un.h). */
const asked = {
  linux: { level: 1, option: 17, bytes: 12, uidAt: 4 },
  darwin: { level: 0, option: 1, bytes: 76, uidAt: 4 },
} as const;

type GetSockOpt = (fd: number, level: number, option: number, value: Uint8Array, length: number[]) => number;

/**
 * User id of the process at the other end of an accepted Unix socket, as the kernel noted it at `connect`; undefined where the system cannot tell
 * (no native calls here, or another system).
 */
export async function uidOfLocalPeer(socket: Socket): Promise<number | undefined> {
  const how =
    process.platform === 'linux' || process.platform === 'darwin' ? asked[process.platform] : undefined;
  // Node has no public way to the descriptor of a socket.
  const fd = (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd;
  if (!how || fd === undefined || fd < 0) return undefined;
  const getsockopt = await nativeGetSockOpt();
  if (!getsockopt) return undefined;
  const value = Buffer.alloc(how.bytes);
  if (getsockopt(fd, how.level, how.option, value, [how.bytes]) !== 0) return undefined;
  return value.readUInt32LE(how.uidAt);
}

let loaded: Promise<GetSockOpt | undefined> | undefined;

/** Loaded with the first connection, never at start-up. */
function nativeGetSockOpt(): Promise<GetSockOpt | undefined> {
  loaded ??= import('koffi').then(
    ({ default: koffi }) =>
      koffi.load(null).func('int getsockopt(int, int, int, _Out_ uint8_t*, _Inout_ uint32_t*)') as GetSockOpt,
    // Not installed for this kind of machine: the folder's mode is what guards the socket then.
    () => undefined,
  );
  return loaded;
}
