import { Buffer } from 'node:buffer';
import {
  cString,
  ctlInfo,
  darwin,
  descriptorOf,
  ifreq,
  linux,
  peerUid,
  rightsMessage,
  sockaddrCtl,
} from './layouts.ts';
import { SystemCallError, type LibC, type Received } from './system-calls.ts';

/** An open device: whoever holds the descriptor holds the device; it goes with the last one closed. */
export interface OpenDevice {
  readonly fd: number;
  readonly name: string;
}

const linuxOpenFlags = { O_RDWR: 2, O_NONBLOCK: 0o4000, O_CLOEXEC: 0o2000000 };

/**
 * Makes a TUN device of this name (Linux); without packet information, so that a read is one IP packet. With `vnet` ten bytes of `virtio_net_hdr`
 * precede each packet, and checksums and segmentation are left to the reader.
 */
export function openTun(libc: LibC, name: string, framing: 'plain' | 'vnet'): OpenDevice {
  const { O_RDWR, O_NONBLOCK, O_CLOEXEC } = linuxOpenFlags;
  const fd = checked(libc, 'open /dev/net/tun', libc.open('/dev/net/tun', O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const flags = linux.IFF_TUN | linux.IFF_NO_PI | (framing === 'vnet' ? linux.IFF_VNET_HDR : 0);
  const request = ifreq(name, flags);
  orClose(libc, fd, 'ioctl TUNSETIFF', libc.ioctl(fd, linux.TUNSETIFF, request));
  if (framing === 'vnet') {
    const size = Buffer.alloc(4);
    size.writeInt32LE(linux.virtioHeaderBytes);
    orClose(libc, fd, 'ioctl TUNSETVNETHDRSZ', libc.ioctl(fd, linux.TUNSETVNETHDRSZ, size));
    orClose(libc, fd, 'ioctl TUNSETOFFLOAD', libc.ioctlValue(fd, linux.TUNSETOFFLOAD, linux.offloads));
  }
  return { fd, name: cString(request.subarray(0, 16)) };
}

/** Packets that may wait for the reader of a utun device; the default of 1 loses what comes in a burst. */
const pendingPackets = 32;

/** Makes the next free utun device (macOS). */
export function openUtun(libc: LibC): OpenDevice {
  const fd = checked(
    libc,
    'socket PF_SYSTEM',
    libc.socket(darwin.PF_SYSTEM, darwin.SOCK_DGRAM, darwin.SYSPROTO_CONTROL),
  );
  const info = ctlInfo(darwin.UTUN_CONTROL);
  orClose(libc, fd, 'ioctl CTLIOCGINFO', libc.ioctl(fd, darwin.CTLIOCGINFO, info));
  orClose(libc, fd, 'connect utun', libc.connect(fd, sockaddrCtl(info.readUInt32LE(0), 0)));
  const name = Buffer.alloc(16);
  const told = libc.getsockopt(fd, darwin.SYSPROTO_CONTROL, darwin.UTUN_OPT_IFNAME, name);
  orClose(libc, fd, 'getsockopt UTUN_OPT_IFNAME', told.result);
  const pending = Buffer.alloc(4);
  pending.writeUInt32LE(pendingPackets);
  // Without it the device still works, only with losses in bursts: an old kernel may refuse.
  libc.setsockopt(fd, darwin.SYSPROTO_CONTROL, darwin.UTUN_OPT_MAX_PENDING_PACKETS, pending);
  orClose(libc, fd, 'fcntl O_NONBLOCK', libc.fcntl(fd, darwin.F_SETFL, darwin.O_RDWR | darwin.O_NONBLOCK));
  return { fd, name: cString(name.subarray(0, told.length)) };
}

/** The user at the other end of a connected Unix socket, as the kernel says. */
export function uidOfPeer(libc: LibC, socketFd: number): number {
  const linuxSide = libc.system === 'linux';
  const value = Buffer.alloc(linuxSide ? 12 : 76);
  const { result, length } = linuxSide
    ? libc.getsockopt(socketFd, linux.SOL_SOCKET, linux.SO_PEERCRED, value)
    : libc.getsockopt(socketFd, darwin.SOL_LOCAL, darwin.LOCAL_PEERCRED, value);
  checked(libc, 'getsockopt of the peer', result);
  if (length < 12) throw new SystemCallError('getsockopt of the peer', 0);
  return peerUid(value);
}

/** Sends bytes with a descriptor beside them; gives how many bytes went (the descriptor goes with the first). */
export function sendWithDescriptor(libc: LibC, socketFd: number, bytes: Buffer, fd: number): number {
  const flags = libc.system === 'linux' ? linux.MSG_DONTWAIT | linux.MSG_NOSIGNAL : darwin.MSG_DONTWAIT;
  return checked(libc, 'sendmsg', libc.sendmsg(socketFd, bytes, rightsMessage(libc.system, fd), flags));
}

/** Receives what is there: null when nothing is yet. */
export function receive(libc: LibC, socketFd: number): Received | null {
  const bytes = Buffer.alloc(64 * 1024);
  const control = Buffer.alloc(64);
  const flags = libc.system === 'linux' ? linux.MSG_DONTWAIT | linux.MSG_CMSG_CLOEXEC : darwin.MSG_DONTWAIT;
  const { result, controlLength } = libc.recvmsg(socketFd, bytes, control, flags);
  if (result < 0) {
    const errno = libc.errno();
    if (errno === (libc.system === 'linux' ? linux.EAGAIN : darwin.EAGAIN)) return null;
    throw new SystemCallError('recvmsg', errno);
  }
  return {
    bytes: bytes.subarray(0, result),
    descriptor: descriptorOf(libc.system, control, controlLength),
  };
}

function checked(libc: LibC, call: string, result: number): number {
  if (result < 0) throw new SystemCallError(call, libc.errno());
  return result;
}

function orClose(libc: LibC, fd: number, call: string, result: number): void {
  if (result >= 0) return;
  const errno = libc.errno();
  libc.close(fd);
  throw new SystemCallError(call, errno);
}
