/**
 * `serve PORT`: a server that echoes, ready in one JSON line. `measure ADDRESS PORT COUNT`: so many times one after the other a connection and one
 * byte there and back; prints the milliseconds of each as JSON.
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
  const [host = '', port = '', count = ''] = rest;
  const took: number[] = [];
  // The first few only warm up.
  for (let left = Number(count) + 5; left > 0; left -= 1) took.push(await measureOne(host, Number(port)));
  console.log(JSON.stringify(took.slice(5)));
}
