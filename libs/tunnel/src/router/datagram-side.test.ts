import { beforeEach, describe, expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { answerableBytes } from '../packet/answers.ts';
import { PacketView, protocolNumbers } from '../packet/packet-view.ts';
import type { Reach } from '../reach/reach.ts';
import { buildPacket, checksumsHold } from '../testing/packets.ts';
import { DatagramSide } from './datagram-side.ts';

let flows: { received: (datagram: Uint8Array) => void; ended: (code: string) => void; sent: number[] }[];
let sent: Uint8Array[];
let side: DatagramSide;

beforeEach(() => {
  flows = [];
  sent = [];
  const reach: Pick<Reach, 'openUdp'> = {
    openUdp: (_to, received, ended) => {
      const flow = { received, ended, sent: [] as number[] };
      flows.push(flow);
      return { send: ({ length }) => void flow.sent.push(length), close: () => undefined };
    },
  };
  side = new DatagramSide({
    effects: simulatedEffects(),
    debug: () => undefined,
    reach: () => reach as Reach,
    send: (packet) => void sent.push(packet),
  });
});

/** A datagram in the middle of the batch that it came in. */
function datagram(
  source: string,
  destination: string,
  length: number,
): { view: PacketView; packet: Uint8Array } {
  const payload = new Uint8Array(length).fill(7);
  const packet = buildPacket({
    ...{ from: source, to: destination, protocol: protocolNumbers.udp, payload },
    ...{ sourcePort: 4000, destinationPort: 53 },
  });
  const batch = new Uint8Array(100 + packet.length + 100);
  batch.set(packet, 100);
  const view = new PacketView();
  expect(view.read(batch, 100, 100 + packet.length)).toBe('');
  return { view, packet };
}

describe.each([
  ['IPv4', '100.64.0.1', '10.0.0.7', 548, 28],
  ['IPv6', 'fd00::1', 'fd00::7', 1232, 48],
] as const)('a flow of datagrams over %s', (_family, source, destination, repeated, headers) => {
  it('sends the first whole, and answers from its beginning when the batch is long gone', () => {
    const { view, packet } = datagram(source, destination, 60_000);
    side.takeDatagram(view, 0);
    view.bytes.fill(0);
    expect(flows[0]?.sent).toEqual([60_000]);
    flows[0]?.received(new Uint8Array([1, 2, 3]));
    flows[0]?.ended('FLOW_REFUSED');
    const [reply, error] = sent as [Uint8Array, Uint8Array];
    expect(checksumsHold(reply)).toBe(true);
    expect([...reply.subarray(headers)]).toEqual([1, 2, 3]);
    expect(checksumsHold(error)).toBe(true);
    expect(error.subarray(headers)).toEqual(packet.subarray(0, repeated));
  });

  it('keeps no more of it than an answer repeats', () => {
    const { view } = datagram(source, destination, 60_000);
    const kept = view.beginning(answerableBytes);
    expect(kept.bytes.buffer.byteLength).toBe(answerableBytes);
    expect([kept.sourcePort, kept.destinationPort, kept.protocol]).toEqual([4000, 53, protocolNumbers.udp]);
    expect(kept.transport).toBe(headers - 8);
    const short = datagram(source, destination, 3);
    expect(short.view.beginning(answerableBytes).bytes).toEqual(short.packet);
  });
});
