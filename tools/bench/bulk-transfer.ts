import { connect } from 'node:net';
import { once } from 'node:events';

const chunk = Buffer.alloc(65_536, 0x61);

/** Asks the TCP service behind `port` for `bytes`, or sends them there and waits for the answer. Returns seconds. */
export async function transfer(port: number, direction: 'down' | 'up', bytes: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const finished = Promise.withResolvers<void>();
  socket.on('error', finished.reject);
  socket.on('close', () => finished.reject(new Error('the connection ended early')));
  let received = 0;
  const expected = direction === 'down' ? bytes : 1;
  socket.on('data', (data) => {
    received += data.length;
    if (received >= expected) finished.resolve();
  });
  const begun = performance.now();
  socket.write(`${direction === 'down' ? 'DOWN' : 'UP'} ${bytes}\n`);
  if (direction === 'up') {
    for (let left = bytes; left > 0; left -= chunk.length) {
      if (!socket.write(chunk.subarray(0, Math.min(left, chunk.length)))) await once(socket, 'drain');
    }
  }
  await finished.promise;
  const seconds = (performance.now() - begun) / 1000;
  socket.destroy();
  return seconds;
}
