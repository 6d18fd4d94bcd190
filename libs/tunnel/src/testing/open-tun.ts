import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';
import type { Framing } from '../router/contract.ts';

const setInterface = 0x400454ca;
const setOffload = 0x400454d0;
const setHeaderLength = 0x400454d8;
/** IFF_TUN, IFF_NO_PI, and IFF_VNET_HDR. */
const flags = { plain: 0x1001, vnet: 0x5001 } as const;
/** Checksums, and segmentation of TCP over IPv4 and IPv6. */
const offloads = 1 | 2 | 4;

/** Opens a TUN device of the namespace that this process runs in; needs CAP_NET_ADMIN there. */
export function openTun(name: string, framing: Exclude<Framing, 'utun'> = 'plain'): number {
  const library = koffi.load('libc.so.6');
  const ioctl = library.func('int ioctl(int fd, unsigned long request, ...)') as unknown as (
    fd: number,
    request: number,
    type: 'void *' | 'unsigned long',
    argument: Uint8Array | number,
  ) => number;
  const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
  const must = (result: number, what: string) => {
    if (result >= 0) return;
    closeSync(fd);
    throw new Error(`${what}: error ${koffi.errno()}`);
  };
  const request = Buffer.alloc(40);
  request.write(name, 0, 15, 'latin1');
  request.writeUInt16LE(flags[framing], 16);
  must(ioctl(fd, setInterface, 'void *', request), 'TUNSETIFF');
  if (framing === 'vnet') {
    const length = Buffer.alloc(4);
    length.writeInt32LE(10);
    must(ioctl(fd, setHeaderLength, 'void *', length), 'TUNSETVNETHDRSZ');
    must(ioctl(fd, setOffload, 'unsigned long', offloads), 'TUNSETOFFLOAD');
  }
  return fd;
}
