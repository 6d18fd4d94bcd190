/**
 * `serve PORT`: a server that echoes, ready in one JSON line. `measure ADDRESS PORT COUNT WARM`: so many times one after the other a
 * connection and one byte there and back, after WARM of them that do not count; prints the milliseconds of each as JSON.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const [what, ...rest] = process.argv.slice(2);

async function measureOne(host: string, port: number): Promise<number> {
  const began = performance.now();
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  socket.write('x');
  await once(socket, 'data');
  const took = performance.now() - began;
  socket.destroy();
  return took;
}

if (what === 'serve') {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await once(server.listen(Number(rest[0]), '0.0.0.0'), 'listening');
  console.log(JSON.stringify({ event: 'ready' }));
} else {
  const [host = '', port = '', count = '', warm = ''] = rest;
  const took: number[] = [];
  for (let left = Number(count) + Number(warm); left > 0; left -= 1)
    took.push(await measureOne(host, Number(port)));
  console.log(JSON.stringify(took.slice(Number(warm))));
}
