/**
 * What is downloaded in `stripe`: `GET /N` answers N bytes that do not pack. Settings are the first argument as JSON: an address and port for who comes by
 * the network, and a Unix socket for who comes by a Port session. Ready in one JSON line; ends with SIGTERM.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

const { host, port, path } = JSON.parse(process.argv[2] ?? '') as Readonly<
  Record<'host' | 'path', string> & { port: number }
>;
const noise = randomBytes(1 << 20);

const answer: RequestListener = ({ url = '' }, response) => {
  let left = Number(url.slice(1));
  let at = 0;
  response.writeHead(200, { 'content-length': left, 'content-type': 'application/octet-stream' });
  const pour = () => {
    while (left > 0) {
      const bytes = noise.subarray(at, Math.min(at + 65_536, at + left, noise.length));
      at = (at + bytes.length) % noise.length;
      left -= bytes.length;
      if (!response.write(bytes)) return;
    }
    response.end();
  };
  response.on('drain', pour).on('error', () => undefined);
  pour();
};

for (const where of [{ host, port }, { path }]) await once(createServer(answer).listen(where), 'listening');
console.log(JSON.stringify({ event: 'ready' }));
process.on('SIGTERM', () => process.exit(0));
