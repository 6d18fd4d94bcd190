import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import dnsPacket from 'dns-packet';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it, onTestFinished } from 'vitest';
import { directReach } from '../testing/index.ts';
import { startFilterRouter } from './filter-router.ts';

/** A responder on loopback, asked over TCP. */
async function responder() {
  const effects = simulatedEffects();
  const router = await startFilterRouter({
    routes: [],
    reach: directReach({ carries: ['tcp'], addresses: {} }),
    names: { responder: '127.0.0.1', names: [{ name: 'db.internal', address: '10.0.2.60' }], suffixes: [] },
    effects,
  });
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await router.close();
  });
  const program = async () => {
    const socket = connect({ host: '127.0.0.1', port: router.namesPort ?? 0 });
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  return { time: effects.time, program };
}

const query = dnsPacket.streamEncode({
  ...{ type: 'query', id: 1 },
  questions: [{ type: 'A', name: 'db.internal' }],
});

const over = (socket: Socket) =>
  new Promise<'over'>((resolve) => socket.once('close', () => resolve('over')));

/** What a question over this connection is answered with. */
async function asks(socket: Socket): Promise<unknown> {
  if (socket.closed) return 'over';
  const heard = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(query);
  const answer = await Promise.race([heard, over(socket)]);
  return answer === 'over' ? answer : dnsPacket.streamDecode(answer).answers;
}

const found = [expect.objectContaining({ data: '10.0.2.60' })];

it('answers over TCP while another program holds connections over which it asks nothing', async () => {
  const { program } = await responder();
  const held = [];
  for (let left = 64; left > 0; left -= 1) held.push(await program());
  // Each was asked and answered once: the router has them all.
  for (const socket of held) expect(await asks(socket)).toEqual(found);
  const longest = over(held[0]!);
  expect(await asks(await program())).toEqual(found);
  await longest;
  expect(await asks(held[1]!)).toEqual(found);
});

it('ends a connection over which nothing was asked for ten seconds, and not one that goes on asking', async () => {
  const { time, program } = await responder();
  const [silent, asking] = [await program(), await program()];
  for (const socket of [silent, asking]) expect(await asks(socket)).toEqual(found);
  const ended = over(silent);
  time.advance(6_000);
  expect(await asks(asking)).toEqual(found);
  time.advance(6_000);
  await ended;
  expect(await asks(asking)).toEqual(found);
});
