import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { joined } from './joined.ts';

it('holds the far side up while the program does not read, and then loses nothing', async () => {
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const program = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const whole = 64 << 20;
  let said = 0;
  const far = new Duplex({
    read: () => {
      said += 65_536;
      far.push(said <= whole ? Buffer.alloc(65_536, said >> 16) : null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  const over = Promise.withResolvers<void>();
  joined(socket, far, over.resolve);
  await once(far, 'pause');
  expect(socket.writableLength, 'what waits in this process').toBeLessThan(1 << 20);
  expect(said).toBeLessThan(whole);
  let heard = 0;
  program.on('data', (bytes: Buffer) => (heard += bytes.length));
  await once(program, 'end');
  program.end();
  await over.promise;
  expect(heard).toBe(whole);
  await new Promise((closed) => server.close(closed));
}, 30_000);

it('is over when the program ends, also when the far side took its leave before it had heard all', async () => {
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const program = connect({ host: '127.0.0.1', port, allowHalfOpen: true }).on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  // A channel of sshd: it ends, and is closed while the program could still speak.
  const far = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const over = Promise.withResolvers<void>();
  joined(socket, far, over.resolve);
  far.push('last words');
  far.push(null);
  const said: Buffer[] = [];
  program.on('data', (bytes: Buffer) => said.push(bytes));
  await Promise.all([once(far, 'end'), once(program, 'end')]);
  far.destroy();
  await once(far, 'close');
  program.end('nobody hears this');
  await over.promise;
  expect(Buffer.concat(said).toString()).toBe('last words');
  program.destroy();
  await new Promise((closed) => server.close(closed));
}, 30_000);

it('hears a program that was held since it connected', async () => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const program = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  program.end('asked');
  const said: string[] = [];
  const far = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => (said.push(chunk.toString()), done()),
    final: (done) => (far.push('answered'), far.push(null), done()),
  });
  const over = Promise.withResolvers<void>();
  joined(socket, far, over.resolve);
  const [answer] = (await once(program, 'data')) as [Buffer];
  await over.promise;
  expect([said.join(''), answer.toString()]).toEqual(['asked', 'answered']);
  await new Promise((closed) => server.close(closed));
}, 30_000);
