import type { Duplex } from 'node:stream';

const tcpLevel = 6;
/** `TCP_NOTSENT_LOWAT`. */
const optionNumber = process.platform === 'darwin' ? 0x201 : 25;
/** What may wait in the kernel and was not sent yet: more is a queue that the link cannot put small talk before. */
const unsentBytesMax = 128 * 1024;

type SetOption = (fd: number, level: number, option: number, value: Uint8Array, length: number) => number;

let setOption: Promise<SetOption | undefined> | undefined;

/**
 * Keeps what the kernel takes from a TCP connection, or one in TLS, without sending it short. False where that cannot be done: the stream is no connected socket, or
 * native calls cannot be loaded; the link then sees the queue by its time alone.
 */
export async function boundUnsentBytes(carrier: Duplex): Promise<boolean> {
  setOption ??= loadSetOption();
  const set = await setOption;
  // The descriptor is not part of Node's interface; it may be gone by now.
  const fd = (carrier as { _handle?: { fd?: unknown } | null })._handle?.fd;
  if (set === undefined || typeof fd !== 'number' || fd < 0) return false;
  const value = new Uint8Array(new Uint32Array([unsentBytesMax]).buffer);
  return set(fd, tcpLevel, optionNumber, value, value.length) === 0;
}

async function loadSetOption(): Promise<SetOption | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    return koffi
      .load(null)
      .func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)') as SetOption;
  } catch {
    return undefined; // not installed for this kind of machine, or a single executable
  }
}
