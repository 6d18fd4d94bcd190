import { Duplex, duplexPair } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';
import { limits } from '@sallyport/agent-protocol';
import { dataHeader, frame, frameTypes } from '@sallyport/agent-protocol/testing';
import { joinCarrier } from './node/carrier.ts';
import { aGateway, aNetwork, openTcp } from './testing/index.ts';

const { windowBytesFirst } = limits;
/** A sixth of the real bound, and conversations in proportion. */
const heldBytesMax = 16 * 1024 * 1024;
const streamsMax = 64;

const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );

/** A network that helps whoever attacks: one address never answers, one reads nothing, one says more than anybody can hear, and no name is found. */
const network = aNetwork({
  dialTcp: (address, _port, signal) => {
    if (address === '10.20.0.1') return never(signal);
    const far = new Duplex({
      read() {
        if (address === '10.20.0.3') this.push(Buffer.alloc(64 * 1024));
      },
      write(bytes, _encoding, done) {
        if (address === '10.20.0.2') return;
        if (address === '10.20.0.4') this.push(bytes);
        done();
      },
    });
    return Promise.resolve(far);
  },
  resolve: (_name, _type, signal) => never(signal),
});

const open = (id: number, host: string, kind = 1) =>
  frame(frameTypes.open, id, Buffer.concat([Buffer.of(kind, 0, 80), Buffer.from(host)]));
const ids = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const piece = Buffer.alloc(32 * 1024);

/** All streams with as much as may be sent on each, before anybody has accepted or to somebody who does not read. */
function* fullWindows(host: string): Iterable<Uint8Array> {
  for (const id of ids(streamsMax)) {
    yield open(id, host);
    for (let offset = 0; offset < windowBytesFirst; offset += piece.length)
      yield Buffer.concat([dataHeader(frameTypes.data, id, offset, piece.length), piece]);
  }
}

/** Pieces of one byte: every second one, which must all be kept apart, or one after the other. */
function* crumbs(apart: 1 | 2): Iterable<Uint8Array> {
  for (const id of ids(8)) {
    yield open(id, '10.20.0.1');
    const lot: Uint8Array[] = [];
    for (let n = 0; n < limits.earlyPiecesMax; n += 1)
      lot.push(dataHeader(frameTypes.data, id, n * apart + (apart - 1), 1), Buffer.of(7));
    yield Buffer.concat(lot);
  }
}

/** Datagrams to names that nobody finds. */
function* datagrams(): Iterable<Uint8Array> {
  for (const id of ids(16)) {
    yield open(id, 'nobody.internal', 2);
    for (let n = 0; n < 16; n += 1) yield frame(frameTypes.datagram, id, Buffer.alloc(60_000));
  }
}

type Gateway = Awaited<ReturnType<typeof aGateway>>;

/** An admitted client that from then on says what it likes and hears nothing. */
async function hostile({ agent, client }: Gateway, usr: string): Promise<{ near: Duplex; far: Duplex }> {
  const [near, far] = duplexPair();
  agent.accept(far);
  let admitted = false;
  const own = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      if (!admitted) near.write(bytes);
      done();
    },
  });
  near.on('data', (bytes) => (admitted ? near.pause() : own.push(bytes)));
  near.on('error', () => undefined);
  const { up, link } = await client({ max_streams: streamsMax, usr }, { carrier: own });
  onTestFinished(() => link.close());
  await up;
  admitted = true;
  return { near, far };
}

const turn = () => new Promise((next) => setImmediate(next));

it('holds no more than its bound for eight admitted clients at their limits, and serves an honest one', async () => {
  const gateway = await aGateway({ network, heldBytesMax });
  const { agent, client, records } = gateway;
  onTestFinished(() => agent.close());
  const honest = await client();
  await honest.up;
  const flow = openTcp(honest.link, '10.20.0.4', 80);
  await flow.opened;
  const attacks = [
    fullWindows('10.20.0.1'),
    fullWindows('10.20.0.1'),
    fullWindows('10.20.0.1'),
    fullWindows('10.20.0.2'),
    crumbs(1),
    crumbs(2),
    datagrams(),
    ids(streamsMax).map((id) => open(id, '10.20.0.3')),
  ];
  let most = 0;
  let turns = 0;
  const carriers = await Promise.all(attacks.map((_, at) => hostile(gateway, `prs_hostile_${at}`)));
  let attacked = false;
  const watching = (async () => {
    for (; !attacked; await turn()) if ((turns += 1) % 20 === 0) most = Math.max(most, agent.heldBytes);
  })();
  const attacking = attacks.map(async (frames, at) => {
    const { near, far } = carriers[at]!;
    for (const bytes of frames) {
      if (far.destroyed) return;
      near.write(bytes);
      while (near.writableNeedDrain && !far.destroyed) await turn();
    }
  });
  flow.stream.write(Buffer.from('before'));
  await Promise.all(attacking);
  attacked = true;
  await watching;
  flow.stream.write(Buffer.from(' and after'));
  await vi.waitFor(() => expect(flow.received().toString()).toBe('before and after'), { timeout: 30_000 });
  expect(most).toBeGreaterThan(heldBytesMax / 2);
  // Between two looks no more comes than this allows for.
  expect(most).toBeLessThan(heldBytesMax * 1.5);
  expect(records.some(({ end, code }) => end === 'limit' && code === 'FLOW_LIMITED')).toBe(true);
  await agent.close();
  expect([agent.heldBytes, agent.windowBytes]).toEqual([0, 0]);
});

it('answers no more to a client that reads nothing than what is bounded', async () => {
  const gateway = await aGateway({ network });
  onTestFinished(() => gateway.agent.close());
  const { near, far } = await hostile(gateway, 'prs_hostile');
  const pings = Buffer.concat(Array.from({ length: 8192 }, () => frame(frameTypes.ping, 0)));
  for (let sent = 0; sent < 64 && !far.destroyed; sent += 1) {
    near.write(pings);
    while (near.writableNeedDrain && !far.destroyed) await turn();
  }
  expect(far.writableLength).toBeGreaterThan(0);
  expect(far.writableLength).toBeLessThan(1024 * 1024);
});

it('closes a link that ended within moments, though its client reads nothing', async () => {
  const [near, far] = duplexPair();
  const closed = new Promise<void>((resolve) => void far.once('close', () => resolve()));
  let end: (() => void) | undefined;
  const gone = vi.fn();
  joinCarrier(
    far,
    (sink) => {
      sink.send([Buffer.alloc(1 << 20)]);
      end = () => sink.close();
      return { receive: () => undefined, drained: () => undefined, lost: () => undefined };
    },
    gone,
  );
  near.pause();
  end?.();
  expect(gone).not.toHaveBeenCalled();
  await closed;
  expect(gone).toHaveBeenCalledTimes(1);
});
