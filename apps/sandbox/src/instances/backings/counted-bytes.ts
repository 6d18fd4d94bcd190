import { createCipheriv, createHash, type Cipheriv } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** Most bytes of one command: 16 GiB. */
const bytesMax = 2 ** 34;
const commandBytesMax = 64;
const chunk = Buffer.alloc(64 * 1024);

/**
 * Deterministic bytes: the AES-256-CTR keystream whose key is SHA-256 of `sallyport-bulk` and whose counter starts at
 * zero. Every stream is a beginning of every longer one.
 */
export function countedBytes(): { next(length: number): Buffer } {
  const cipher: Cipheriv = createCipheriv(
    'aes-256-ctr',
    createHash('sha256').update('sallyport-bulk').digest(),
    Buffer.alloc(16),
  );
  return { next: (length) => cipher.update(length === chunk.length ? chunk : Buffer.alloc(length)) };
}

/** SHA-256 (hex) of the first `length` counted bytes. */
export function countedDigest(length: number): string {
  const bytes = countedBytes();
  const hash = createHash('sha256');
  for (let left = length; left > 0; left -= chunk.length)
    hash.update(bytes.next(Math.min(left, chunk.length)));
  return hash.digest('hex');
}

/**
 * Serves transfer tests on one connection, command by command: `DOWN n\n` answers n counted bytes, `SUM n\n` the
 * SHA-256 of those (hex and a line feed), `UP n\n` followed by n bytes answers the SHA-256 of what came. Anything else
 * ends the connection.
 */
export async function serveCountedBytes(socket: Duplex): Promise<void> {
  let pending: Buffer = Buffer.alloc(0);
  let up: { left: number; readonly hash: ReturnType<typeof createHash> } | undefined;
  for await (const data of socket as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    while (pending.length > 0) {
      if (up !== undefined) {
        const taken = pending.subarray(0, up.left);
        up.hash.update(taken);
        up.left -= taken.length;
        pending = pending.subarray(taken.length);
        if (up.left > 0) break;
        socket.write(`${up.hash.digest('hex')}\n`);
        up = undefined;
        continue;
      }
      const at = pending.indexOf(0x0a);
      if (at < 0 && pending.length <= commandBytesMax) break;
      const command = /^(DOWN|UP|SUM) (\d{1,11})$/.exec(
        pending.subarray(0, Math.max(at, 0)).toString('latin1'),
      );
      const length = Number(command?.[2] ?? NaN);
      if (command === null || length > bytesMax) return void socket.end();
      pending = pending.subarray(at + 1);
      if (command[1] === 'DOWN') await send(socket, length);
      else if (command[1] === 'SUM') socket.write(`${countedDigest(length)}\n`);
      else up = { left: length, hash: createHash('sha256') };
      if (up?.left === 0) {
        socket.write(`${up.hash.digest('hex')}\n`);
        up = undefined;
      }
    }
  }
}

async function send(socket: Duplex, length: number): Promise<void> {
  const bytes = countedBytes();
  for (let left = length; left > 0 && !socket.destroyed; left -= chunk.length)
    if (!socket.write(bytes.next(Math.min(left, chunk.length)))) await drained(socket);
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
