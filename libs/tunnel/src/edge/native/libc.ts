import { Buffer } from 'node:buffer';
import koffi from './koffi.ts';
import type { LibC } from './system-calls.ts';

type Call = (...values: unknown[]) => number;

let loaded: LibC | undefined;

/** The C library of this system. `ioctl` and `fcntl` are declared variadic: on Apple silicon such calls pass arguments otherwise. */
export function libc(): LibC {
  loaded ??= bind();
  return loaded;
}

function bind(): LibC {
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  const library = koffi.load(null);
  const func = (definition: string) =>
    library.func(definition) as unknown as Call & {
      async: (...values: unknown[]) => void;
    };
  const vector = koffi.struct({ base: 'void *', length: 'size_t' });
  const wide = system === 'linux' ? 'size_t' : 'uint32';
  const header = koffi.struct({
    name: 'void *',
    nameLength: 'uint32',
    vectors: koffi.pointer(vector),
    vectorCount: system === 'linux' ? 'size_t' : 'int',
    control: 'void *',
    controlLength: wide,
    flags: 'int',
  });
  const sendmsg = library.func('sendmsg', 'long', ['int', koffi.pointer(header), 'int']) as unknown as Call;
  const recvmsg = library.func('recvmsg', 'long', [
    'int',
    koffi.inout(koffi.pointer(header)),
    'int',
  ]) as unknown as Call;
  const message = (bytes: Buffer, control: Buffer) => ({
    name: null,
    nameLength: 0,
    vectors: [{ base: bytes, length: bytes.length }],
    vectorCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  });
  const open = func('int open(const char *path, int flags, ...)');
  const close = func('int close(int fd)');
  const socket = func('int socket(int domain, int type, int protocol)');
  const connect = func('int connect(int fd, const void *address, uint32_t length)');
  const ioctl = func('int ioctl(int fd, unsigned long request, ...)');
  const fcntl = func('int fcntl(int fd, int command, ...)');
  const getsockopt = func('int getsockopt(int fd, int level, int option, void *value, void *length)');
  const setsockopt = func(
    'int setsockopt(int fd, int level, int option, const void *value, uint32_t length)',
  );
  const poll = func('int poll(void *fds, unsigned long count, int timeout)');

  return {
    system,
    errno: () => koffi.errno(),
    open: (path, flags) => open(path, flags),
    close: (fd) => close(fd),
    socket: (domain, type, protocol) => socket(domain, type, protocol),
    connect: (fd, address) => connect(fd, address, address.length),
    ioctl: (fd, request, argument) => ioctl(fd, request, 'void *', argument),
    ioctlValue: (fd, request, value) => ioctl(fd, request, 'unsigned long', value),
    fcntl: (fd, command, argument) => fcntl(fd, command, 'int', argument),
    getsockopt: (fd, level, option, value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      const result = getsockopt(fd, level, option, value, length);
      return { result, length: length.readUInt32LE() };
    },
    setsockopt: (fd, level, option, value) => setsockopt(fd, level, option, value, value.length),
    sendmsg: (fd, bytes, control, flags) => sendmsg(fd, message(bytes, control), flags),
    recvmsg: (fd, bytes, control, flags) => {
      const asked = message(bytes, control);
      const result = recvmsg(fd, asked, flags);
      return { result, controlLength: asked.controlLength };
    },
    pollReadable: (fd, timeoutMs) => {
      const entry = Buffer.alloc(8);
      entry.writeInt32LE(fd, 0);
      entry.writeInt16LE(1, 4);
      return new Promise((resolve, reject) =>
        poll.async(entry, 1, timeoutMs, (error: unknown, result: number) =>
          error === null || error === undefined
            ? resolve(result > 0)
            : reject(error instanceof Error ? error : new Error('poll failed')),
        ),
      );
    },
  };
}
