import type { Buffer } from 'node:buffer';

/** A failed system call: which, and the system's number for the reason. */
export class SystemCallError extends Error {
  readonly call: string;
  readonly errno: number;

  constructor(call: string, errno: number) {
    super(`${call} failed with errno ${errno}`);
    this.name = 'SystemCallError';
    this.call = call;
    this.errno = errno;
  }
}

/** What came with one `recvmsg`: no bytes mean that the other end has closed. */
export interface Received {
  readonly bytes: Buffer;
  readonly descriptor: number | null;
}

/** The raw calls, so that a recording double can stand in for a system that is not there. Each returns what C returns. */
export interface LibC {
  readonly system: 'linux' | 'darwin';
  errno(): number;
  open(path: string, flags: number): number;
  close(fd: number): number;
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Buffer): number;
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** The few requests whose argument is the value itself. */
  ioctlValue(fd: number, request: number, value: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  getsockopt(fd: number, level: number, option: number, value: Buffer): { result: number; length: number };
  setsockopt(fd: number, level: number, option: number, value: Buffer): number;
  sendmsg(fd: number, bytes: Buffer, control: Buffer, flags: number): number;
  recvmsg(
    fd: number,
    bytes: Buffer,
    control: Buffer,
    flags: number,
  ): { result: number; controlLength: number };
  /** `poll` of one descriptor in a thread of its own: true when it may be read (or has ended). */
  pollReadable(fd: number, timeoutMs: number): Promise<boolean>;
}
