import type { Duplex } from 'node:stream';
import { socketOptionsOf } from './socket-options.ts';

const tcpLevel = 6;
/** `TCP_NOTSENT_LOWAT`. */
const optionNumber = process.platform === 'darwin' ? 0x201 : 25;
/** What may wait in the kernel and was not sent yet: more is a queue that the link cannot put small talk before. */
const unsentBytesMax = 128 * 1024;

/**
 * Keeps what the kernel takes from a TCP connection, or one in TLS, without sending it short. False where that cannot be done: the stream is no connected socket, or
 * native calls cannot be loaded; the link then sees the queue by its time alone.
 */
export async function boundUnsentBytes(carrier: Duplex): Promise<boolean> {
  const options = await socketOptionsOf(carrier);
  return options?.set(tcpLevel, optionNumber, unsentBytesMax) ?? false;
}
