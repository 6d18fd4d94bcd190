import type { Socket } from 'node:net';
import koffi from 'koffi';
import { addressText } from '../packet/address.ts';
import type { Destination } from '../reach/reach.ts';

/** `SO_ORIGINAL_DST` and `IP6T_SO_ORIGINAL_DST` have the same number at their own levels. */
const originalDestinationOption = 80;
const ipLevel = 0;
const ip6Level = 41;

let getsockopt:
  ((fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array) => number) | undefined;

/**
 * Where a connection was going before the packet filter sent it here (Linux); undefined for one that was dialled directly. The descriptor is not part
 * of Node's interface: where it is missing, nothing is let through.
 */
export function originalDestination(socket: Socket): Destination | undefined {
  const fd = (socket as { _handle?: { fd?: unknown } })._handle?.fd;
  if (typeof fd !== 'number' || fd < 0) return undefined;
  getsockopt ??= koffi
    .load('libc.so.6')
    .func(
      'int getsockopt(int fd, int level, int option, void *value, void *length)',
    ) as unknown as typeof getsockopt;
  const six = socket.remoteFamily === 'IPv6';
  const value = new Uint8Array(28);
  const length = new Uint8Array(new Uint32Array([value.length]).buffer);
  if (getsockopt?.(fd, six ? ip6Level : ipLevel, originalDestinationOption, value, length) !== 0)
    return undefined;
  const port = (value[2]! << 8) | value[3]!;
  // sockaddr_in: address at 4; sockaddr_in6: four bytes of flow information before it.
  const address = addressText(six ? value.slice(8, 24) : value.slice(4, 8));
  if (port === socket.localPort && address === socket.localAddress) return undefined;
  return { address, port };
}
