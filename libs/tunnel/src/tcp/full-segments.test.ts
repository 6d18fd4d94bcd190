import { expect, it } from 'vitest';
import { tcpFlags } from '../packet/packet-view.ts';
import { TcpEndpoint } from './endpoint.ts';
import { plus } from './sequence.ts';

const mss = 1_000;
const first = 4_000;
const ownFirst = 9_000;

/** An endpoint whose program has finished its handshake, what it sends by length, and what it asked to be called back for. */
function anEndpoint() {
  const sent: number[] = [];
  const left: boolean[] = [];
  const endpoint: TcpEndpoint = new TcpEndpoint({
    options: { mss, scale: 0 },
    ...{ synSequence: first, synWindow: 60_000, ownSequence: ownFirst, payloadMax: 65_495 },
    window: () => 1 << 20,
    now: () => 0,
    send: ({ length }) => void sent.push(length),
    later: (bulk) => void left.push(bulk),
    stalled: () => undefined,
    ...{ data: () => undefined, end: () => undefined, drain: () => undefined },
    ...{ over: () => undefined, release: () => undefined },
  });
  const acknowledge = (bytes: number) =>
    endpoint.take({
      ...{ flags: tcpFlags.ack, sequence: plus(first, 1), acknowledged: plus(ownFirst, 1 + bytes) },
      ...{ window: 60_000, bytes: new Uint8Array(), from: 0, to: 0 },
    });
  acknowledge(0);
  sent.length = 0;
  return { endpoint, sent, left, acknowledge };
}

it('fills segments from several pieces, and sends what fills none when it is told that nothing follows', () => {
  const { endpoint, sent, left } = anEndpoint();
  for (let piece = 0; piece < 4; piece += 1) endpoint.write(new Uint8Array(900));
  expect(sent).toEqual([mss, mss, mss]);
  // Asked for once, before anything had gone.
  expect(left).toEqual([false]);
  endpoint.flush();
  expect(sent).toEqual([mss, mss, mss, 600]);
});

it('tells that full segments went before what it left behind', () => {
  const { endpoint, sent, left } = anEndpoint();
  endpoint.write(new Uint8Array(2_500));
  expect([sent, left]).toEqual([[mss, mss], [true]]);
  endpoint.flush();
  endpoint.write(new Uint8Array(10));
  expect(left).toEqual([true, false]);
});

it('keeps what was left behind when an acknowledgement comes, and sends it with the end', () => {
  const { endpoint, sent, acknowledge } = anEndpoint();
  endpoint.write(new Uint8Array(1_500));
  acknowledge(mss);
  expect(sent).toEqual([mss]);
  endpoint.finish();
  expect(sent).toEqual([mss, 500]);
  endpoint.flush();
  expect(sent).toEqual([mss, 500]);
});
