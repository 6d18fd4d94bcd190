/**
 * A private network behind a gateway: a web page on 8080, a UDP echo on 9000 and a name server on 53, on all addresses of its namespace.
 * Prints `ready` and runs until it is killed.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import packet from 'dns-packet';

const names = {
  'A db.internal': '10.0.2.60',
  'AAAA db.internal': 'fd00:10:2::60',
  'A evil.internal': '169.254.169.254',
};

const web = createHttpServer((request, response) => {
  const size = Number(new URL(request.url, 'http://x').searchParams.get('bytes') ?? 0);
  response.end(size === 0 ? 'a private page\n' : Buffer.alloc(size, 'sallyport '));
});
await once(web.listen(8080, '::'), 'listening');

/** Says nothing and hears everything, so that conversations stay open. */
const silent = createServer((socket) => socket.on('error', () => undefined).resume());
await once(silent.listen(7000, '::'), 'listening');

/** A socket for each address: an answer must come from the address that was asked. */
const addresses = ['10.0.2.60', '10.0.2.61', '10.0.2.62', 'fd00:10:2::60'];
const answered = (address, port, answer) => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => socket.send(answer(bytes), from.port, from.address));
  socket.bind(port, address);
  return once(socket, 'listening');
};
const dns = (bytes) => {
  const { id, questions } = packet.decode(bytes);
  const [{ type, name }] = questions;
  const data = names[`${type} ${name.toLowerCase()}`];
  const known = Object.keys(names).some((key) => key.endsWith(` ${name.toLowerCase()}`));
  const answers = data === undefined ? [] : [{ type, name, ttl: 300, data }];
  return packet.encode({ type: 'response', id, flags: known ? 0 : 3, questions, answers });
};
for (const address of addresses) {
  await answered(address, 9000, (bytes) => bytes);
  await answered(address, 53, dns);
}
console.log('ready');
