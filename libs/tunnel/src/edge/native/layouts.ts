import { Buffer } from 'node:buffer';

/**
 * Structures of system calls as bytes, for the 64-bit little-endian systems the client runs on. Linux: linux/if_tun.h, linux/socket.h;
 * macOS: sys/kern_control.h, net/if_utun.h, sys/ucred.h (read, and held by tests to the byte; not run there).
 */
export const linux = {
  TUNSETIFF: 0x4004_54ca,
  IFF_TUN: 0x0001,
  IFF_NO_PI: 0x1000,
  IFF_VNET_HDR: 0x4000,
  TUNSETVNETHDRSZ: 0x4004_54d8,
  TUNSETOFFLOAD: 0x4004_54d0,
  /** TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6: the kernel leaves checksums and segmentation to whoever reads. */
  offloads: 1 | 2 | 4,
  virtioHeaderBytes: 10,
  SOL_SOCKET: 1,
  SO_PEERCRED: 17,
  SCM_RIGHTS: 1,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x4000_0000,
  POLLIN: 1,
  EAGAIN: 11,
} as const;

export const darwin = {
  PF_SYSTEM: 32,
  AF_SYSTEM: 32,
  SOCK_DGRAM: 2,
  SYSPROTO_CONTROL: 2,
  AF_SYS_CONTROL: 2,
  CTLIOCGINFO: 0xc064_4e03,
  UTUN_OPT_IFNAME: 2,
  UTUN_OPT_MAX_PENDING_PACKETS: 16,
  UTUN_CONTROL: 'com.apple.net.utun_control',
  SOL_SOCKET: 0xffff,
  SOL_LOCAL: 0,
  LOCAL_PEERCRED: 1,
  SCM_RIGHTS: 1,
  MSG_DONTWAIT: 0x80,
  F_SETFL: 4,
  O_NONBLOCK: 4,
  O_RDWR: 2,
  POLLIN: 1,
  EAGAIN: 35,
  EBUSY: 16,
} as const;

/** `struct ifreq` (40 bytes): name[16], then u16 flags. An empty name lets the kernel choose. */
export function ifreq(name: string, flags: number): Buffer {
  const bytes = Buffer.alloc(40);
  if (Buffer.byteLength(name, 'latin1') > 15)
    throw new RangeError(`${name} is longer than a device's name may be`);
  bytes.write(name, 0, 'latin1');
  bytes.writeUInt16LE(flags, 16);
  return bytes;
}

/** The text up to the first NUL. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
}

/** `struct ctl_info` (100 bytes): u32 ctl_id (answered), char ctl_name[96]. */
export function ctlInfo(name: string): Buffer {
  const bytes = Buffer.alloc(100);
  bytes.write(name, 4, 'latin1');
  return bytes;
}

/** `struct sockaddr_ctl` (32 bytes). Unit 0 takes the next free device, N+1 takes utunN. */
export function sockaddrCtl(id: number, unit: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt8(32, 0);
  bytes.writeUInt8(darwin.AF_SYSTEM, 1);
  bytes.writeUInt16LE(darwin.AF_SYS_CONTROL, 2);
  bytes.writeUInt32LE(id, 4);
  bytes.writeUInt32LE(unit, 8);
  return bytes;
}

/** A control message that carries one descriptor: Linux u64 length, i32 level, i32 type, i32 fd, padding; macOS u32 length. */
export function rightsMessage(system: 'linux' | 'darwin', fd: number): Buffer {
  if (system === 'linux') {
    const bytes = Buffer.alloc(24);
    bytes.writeBigUInt64LE(20n, 0);
    bytes.writeInt32LE(linux.SOL_SOCKET, 8);
    bytes.writeInt32LE(linux.SCM_RIGHTS, 12);
    bytes.writeInt32LE(fd, 16);
    return bytes;
  }
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(16, 0);
  bytes.writeInt32LE(darwin.SOL_SOCKET, 4);
  bytes.writeInt32LE(darwin.SCM_RIGHTS, 8);
  bytes.writeInt32LE(fd, 12);
  return bytes;
}

/** The descriptor of a received control message of `length` bytes, or null when it carries none. */
export function descriptorOf(system: 'linux' | 'darwin', control: Buffer, length: number): number | null {
  if (system === 'linux') {
    if (length < 20 || control.readBigUInt64LE(0) < 20n) return null;
    const rights =
      control.readInt32LE(8) === linux.SOL_SOCKET && control.readInt32LE(12) === linux.SCM_RIGHTS;
    return rights ? control.readInt32LE(16) : null;
  }
  if (length < 16 || control.readUInt32LE(0) < 16) return null;
  const rights = control.readInt32LE(4) === darwin.SOL_SOCKET && control.readInt32LE(8) === darwin.SCM_RIGHTS;
  return rights ? control.readInt32LE(12) : null;
}

/** `struct ucred` (Linux, 12 bytes: pid, uid, gid) or `struct xucred` (macOS: u32 version, u32 uid, ...). */
export function peerUid(bytes: Buffer): number {
  return bytes.readUInt32LE(4);
}
