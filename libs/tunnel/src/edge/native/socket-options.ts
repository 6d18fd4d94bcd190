import type { Duplex } from 'node:stream';

type Option = (fd: number, level: number, option: number, value: Uint8Array, length: number) => number;
type GetOption = (fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array) => number;

interface Native {
  readonly set: Option;
  readonly get: GetOption;
}

let native: Promise<Native | undefined> | undefined;

/** Options of a connected socket of the kernel (setsockopt(2)). */
export interface SocketOptions {
  /** Whether the kernel took it. */
  set(level: number, option: number, value: number): boolean;
  /** As many bytes as the kernel has of it, at most `length`; undefined where it has none. */
  get(level: number, option: number, length: number): DataView | undefined;
}

/** Undefined where there are none: the stream is no connected socket, or native calls cannot be loaded. For this turn of the loop: the descriptor may be another's later. */
export async function socketOptionsOf(stream: Duplex): Promise<SocketOptions | undefined> {
  native ??= load();
  const loaded = await native;
  // The descriptor is not part of Node's interface; it may be gone by now.
  const fd = (stream as { _handle?: { fd?: unknown } | null })._handle?.fd;
  if (loaded === undefined || typeof fd !== 'number' || fd < 0) return undefined;
  return {
    set(level, option, value) {
      const bytes = new Uint8Array(new Uint32Array([value]).buffer);
      return loaded.set(fd, level, option, bytes, bytes.length) === 0;
    },
    get(level, option, length) {
      const bytes = new Uint8Array(length);
      const held = new Uint32Array([length]);
      if (loaded.get(fd, level, option, bytes, new Uint8Array(held.buffer)) !== 0) return undefined;
      return new DataView(bytes.buffer, 0, Math.min(held[0]!, length));
    },
  };
}

async function load(): Promise<Native | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const c = koffi.load(null);
    return {
      set: c.func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)') as Option,
      get: c.func('int getsockopt(int fd, int level, int option, void *value, void *length)') as GetOption,
    };
  } catch {
    return undefined; // not installed for this kind of machine, or a single executable
  }
}
