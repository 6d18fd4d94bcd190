import { createHash, randomBytes, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { giveBack, isLent, SlabReader, wipeWhatIsGivenBack } from '@sallyport/effects/memory';
import { joinCarrier } from './node/carrier.ts';
import { dialTcp } from './node/dial-tcp.ts';
import { aGateway, aNetwork } from './testing/index.ts';

beforeEach(() => wipeWhatIsGivenBack(true));
afterEach(() => wipeWhatIsGivenBack(false));

const bytesEach = 24 << 20;

async function listening(handle: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    handle(socket);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

type Link = Awaited<ReturnType<Awaited<ReturnType<typeof aGateway>>['client']>>['link'];

/** Sends from lent memory, as a program's connection brings it, and hears all of it come back; the digests of both. */
async function throughAnEcho(link: Link, port: number, progress: (bytes: number) => void) {
  const done = Promise.withResolvers<void>();
  const digests: { sent: Hash; heard: Hash } = { sent: createHash('sha256'), heard: createHash('sha256') };
  const reader = new SlabReader();
  const chunk = randomBytes(50_000);
  let [sent, lent] = [0, 0];
  const say = () => {
    for (let going = true; going && sent < bytesEach;) {
      const room = reader.room();
      chunk.writeUInt32LE(sent);
      room.set(chunk);
      const bytes = reader.take(chunk.length);
      digests.sent.update(bytes);
      sent += bytes.length;
      going = stream.write(bytes);
    }
    if (sent >= bytesEach) stream.end();
  };
  const stream = link.openTcp(
    { host: '10.20.0.5', port },
    {
      opened: () => say(),
      data: (bytes) => {
        digests.heard.update(bytes);
        if (isLent(bytes)) lent += bytes.length;
        giveBack(bytes);
        stream.consumed(bytes.length);
        progress(bytes.length);
      },
      end: () => done.resolve(),
      reset: (code) => done.reject(new Error(code)),
      writable: () => say(),
    },
  );
  await done.promise;
  return { sent: digests.sent.digest('hex'), heard: digests.heard.digest('hex'), lent };
}

it('shows no conversation the bytes of another, though memory is used again and carriers are lost', async () => {
  const echo = await listening((socket) => void socket.pipe(socket));
  const network = aNetwork({ dialTcp: (_address, _port, signal) => dialTcp('127.0.0.1', echo, signal) });
  const { agent, client } = await aGateway({ network });
  onTestFinished(() => agent.close());
  const door = await listening((socket) => agent.accept(socket));
  const dial = async () => {
    const socket = connect({ port: door, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return socket;
  };
  const first = await dial();
  const { link, up } = await client({}, { carrier: first });
  await up;
  const more = [await dial(), await dial()];
  for (const socket of more)
    joinCarrier(
      socket,
      (sink) => link.addCarrier(sink),
      () => undefined,
    );
  let heard = 0;
  const flows = [80, 81, 82].map((port) =>
    throughAnEcho(link, port, (bytes) => {
      const before = heard;
      heard += bytes;
      for (const [at, carrier] of more.entries()) {
        const when = (at + 1) * bytesEach;
        if (before < when && heard >= when) carrier.destroy();
      }
    }),
  );
  for (const { sent, heard: came, lent } of await Promise.all(flows)) {
    expect(came).toBe(sent);
    expect(lent, 'most of it').toBeGreaterThan(bytesEach / 4);
  }
});
