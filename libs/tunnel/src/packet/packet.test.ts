import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPacket, checksumsHold, slowChecksum } from '../testing/packets.ts';
import { addressText, canonicalAddress, contains, parseAddress, parseRange } from './address.ts';
import { echoReply, payloadOf, tcpReset, udpReply, unreachable } from './answers.ts';
import { sum, updateChecksum, writeChecksum } from './checksum.ts';
import { PacketView, tcpFlags } from './packet-view.ts';
import { swapAddresses, writeTcpPort } from './swap.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const address4 = fc.ipV4();
const address6 = fc.ipV6().filter((text) => !text.includes('.'));
const pair = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6));
const port = fc.integer({ min: 0, max: 65_535 });

function viewOf(packet: Uint8Array, before = 0): PacketView {
  const framed = new Uint8Array(before + packet.length);
  framed.set(packet, before);
  const view = new PacketView();
  expect(view.read(framed, before, framed.length)).toBe('');
  return view;
}

describe('a checksum', () => {
  it('is that of RFC 1071, of any length', () => {
    fc.assert(
      fc.property(bytes(200), (data) => {
        const written = new Uint8Array(2);
        writeChecksum(written, 0, sum(data, 0, data.length));
        expect(written[0]! * 256 + written[1]!).toBe(slowChecksum(data));
      }),
    );
  });

  it('of a packet of 64 KiB of ones does not overflow', () => {
    const data = new Uint8Array(65_535).fill(0xff);
    const written = new Uint8Array(2);
    writeChecksum(written, 0, sum(data, 0, data.length));
    expect(written[0]! * 256 + written[1]!).toBe(slowChecksum(data));
  });

  it('is right again after one word changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 60 }), port, fc.nat(10), (data, word, where) => {
        const even = data.subarray(0, data.length & ~1);
        const at = 2 + ((where * 2) % (even.length - 2));
        even.fill(0, 0, 2);
        const folded = slowChecksum(even);
        even[0] = folded >>> 8;
        even[1] = folded & 255;
        updateChecksum(even, 0, (even[at]! << 8) | even[at + 1]!, word);
        even[at] = word >>> 8;
        even[at + 1] = word & 255;
        // Zero has two forms in one's complement; both are right.
        expect([0, 0xffff]).toContain(slowChecksum(even));
      }),
    );
  });
});

describe('an address', () => {
  it('is read and written in its canonical form', () => {
    expect(canonicalAddress('FD00:0:0::0001')).toBe('fd00::1');
    expect(canonicalAddress('fe80::1%eth0')).toBe('fe80::1');
    expect(canonicalAddress('10.0.0.1')).toBe('10.0.0.1');
    fc.assert(
      fc.property(address6, (text) => {
        const { bytes: parsed } = parseAddress(text);
        expect(parseAddress(addressText(parsed)).bytes).toEqual(parsed);
      }),
    );
  });

  it.each([
    '',
    '10.0.0',
    '0x7f.1',
    '10.0.0.256',
    '1.2.3.4.5',
    'host',
    '10.0.0.1/33',
    '::1/129',
    '::1/',
    '10.0.0.0/8/8',
  ])('is not %j', (text) => expect(() => parseRange(text)).toThrow(TypeError));

  it('belongs to a range by its leading bits, in its own family', () => {
    expect(contains(parseRange('10.1.2.3/8'), parseAddress('10.255.0.1'))).toBe(true);
    expect(contains(parseRange('10.0.0.0/8'), parseAddress('11.0.0.1'))).toBe(false);
    expect(contains(parseRange('10.128.0.0/9'), parseAddress('10.127.255.255'))).toBe(false);
    expect(contains(parseRange('fd00::/7'), parseAddress('fdff::1'))).toBe(true);
    expect(contains(parseRange('0.0.0.0/0'), parseAddress('::1'))).toBe(false);
  });
});

describe('a packet', () => {
  it('is read as it was built, wherever it lies', () => {
    fc.assert(
      fc.property(
        pair,
        port,
        port,
        fc.constantFrom(6, 17),
        fc.nat(16),
        bytes(40),
        (ends, from, to, protocol, before, payload) => {
          const packet = buildPacket({
            ...{ from: ends[0], to: ends[1], protocol, sourcePort: from, destinationPort: to },
            ...{ flags: tcpFlags.syn, payload },
          });
          const view = viewOf(packet, before);
          expect(addressText(view.sourceBytes())).toBe(canonicalAddress(ends[0]));
          expect(addressText(view.destinationBytes())).toBe(canonicalAddress(ends[1]));
          expect([view.sourcePort, view.destinationPort, view.protocol]).toEqual([from, to, protocol]);
          expect(view.copy()).toEqual(packet);
        },
      ),
    );
  });

  const shape = {
    from: '10.0.0.1',
    to: '10.0.0.2',
    protocol: 17,
    sourcePort: 1,
    destinationPort: 2,
  } as const;
  const six = { ...shape, from: 'fd00::1', to: 'fd00::2' } as const;
  const changed = (packet: Uint8Array, changes: Record<number, number>) => {
    const copy = packet.slice();
    for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
    return copy;
  };
  const udp = buildPacket({ ...shape, payload: new Uint8Array(8) });
  const tcp = buildPacket({ ...shape, protocol: 6 });

  it.each([
    ['not-ip', new Uint8Array(0)],
    ['not-ip', changed(udp, { 0: 0x55 })],
    ['truncated', udp.subarray(0, 19)],
    ['truncated', udp.subarray(0, 30)],
    ['truncated', buildPacket(six).subarray(0, 39)],
    ['truncated', buildPacket(six).subarray(0, 45)],
    ['bad-length', changed(udp, { 0: 0x44 })],
    ['bad-length', changed(udp, { 2: 0, 3: 19 })],
    ['bad-length', changed(udp, { 24: 0, 25: 9 })],
    ['bad-length', changed(tcp, { 32: 0x40 })],
    ['bad-length', changed(tcp, { 32: 0x60 })],
    ['options', buildPacket({ ...shape, options: 2 })],
    ['fragment', buildPacket({ ...shape, fragment: 0x2000 })],
    ['fragment', buildPacket({ ...shape, fragment: 0x0001 })],
    ['fragment', buildPacket({ ...six, fragment: 1 })],
    ['extension-header', changed(buildPacket(six), { 6: 0 })],
    ['extension-header', changed(buildPacket(six), { 6: 43 })],
    [
      'transport-truncated',
      buildPacket({ ...shape, protocol: 89, payload: new Uint8Array(7) }).map((byte, at) =>
        at === 9 ? 17 : byte,
      ),
    ],
    [
      'transport-truncated',
      buildPacket({ ...shape, protocol: 89, payload: new Uint8Array(19) }).map((byte, at) =>
        at === 9 ? 6 : byte,
      ),
    ],
    [
      'transport-truncated',
      buildPacket({ ...six, protocol: 89, payload: new Uint8Array(7) }).map((byte, at) =>
        at === 6 ? 58 : byte,
      ),
    ],
  ] as const)('is %s, case %#', (reason, packet) => {
    expect(new PacketView().read(packet, 0, packet.length)).toBe(reason);
  });

  it('that does not set "do not fragment" or that sets it is whole', () => {
    const whole = buildPacket({ ...shape, fragment: 0x4000 });
    expect(new PacketView().read(whole, 0, whole.length)).toBe('');
  });

  it('never makes the reader fail or read past its end, whatever its bytes', () => {
    const view = new PacketView();
    fc.assert(
      fc.property(bytes(120), fc.nat(8), (data, before) => {
        const start = Math.min(before, data.length);
        if (view.read(data, start, data.length) !== '') return;
        expect(view.start).toBeLessThanOrEqual(view.transport);
        expect(view.transport).toBeLessThanOrEqual(view.end);
        expect(view.end).toBeLessThanOrEqual(data.length);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the address swap', () => {
  it('and a new port leave every checksum right', () => {
    fc.assert(
      fc.property(pair, port, port, port, bytes(30), (ends, from, to, other, payload) => {
        const packet = buildPacket({
          ...{ from: ends[0], to: ends[1], protocol: 6, sourcePort: from, destinationPort: to },
          ...{ flags: 0x12, payload },
        });
        const view = viewOf(packet);
        writeTcpPort(view, 'destination', other, false);
        swapAddresses(view);
        const again = viewOf(view.bytes);
        expect(addressText(again.sourceBytes())).toBe(canonicalAddress(ends[1]));
        expect(addressText(again.destinationBytes())).toBe(canonicalAddress(ends[0]));
        expect([again.sourcePort, again.destinationPort]).toEqual([from, other]);
        expect(checksumsHold(view.bytes)).toBe(true);
      }),
    );
  });

  it('leaves a checksum alone that the device completes', () => {
    const view = viewOf(buildPacket({ from: '10.0.0.1', to: '10.0.0.2', protocol: 6 }));
    const before = view.bytes.slice(36, 38);
    writeTcpPort(view, 'source', 4242, true);
    expect(view.bytes.slice(36, 38)).toEqual(before);
    expect(viewOf(view.bytes).sourcePort).toBe(4242);
  });
});

describe('an answer', () => {
  const asked = (protocol: number, flags = 0, payload = new Uint8Array(0), ends = ['10.0.0.1', '10.9.0.2']) =>
    viewOf(
      buildPacket({
        ...{ from: ends[0]!, to: ends[1]!, protocol, sourcePort: 40_000, destinationPort: 443 },
        ...{ flags, payload, sequence: 0xffff_ffff, acknowledged: 77 },
      }),
      10,
    );

  it('is addressed back to the sender, with right checksums, for both families', () => {
    fc.assert(
      fc.property(pair, bytes(70), fc.constantFrom(6, 17, 1), (ends, payload, wanted) => {
        const six = ends[0].includes(':');
        const protocol = wanted === 1 && six ? 58 : wanted;
        const view = asked(protocol, protocol === 6 ? 2 : six ? 128 : 8, payload, [...ends]);
        const answers = [
          ...(['network', 'host', 'port', 'prohibited'] as const).map((why) => unreachable(view, why)),
          ...(protocol === 6
            ? [tcpReset(view)]
            : protocol === 17
              ? [udpReply(view, payload)]
              : [echoReply(view, payload)]),
        ];
        for (const answer of answers) {
          const read = viewOf(answer!);
          expect(read.sourceBytes()).toEqual(view.destinationBytes());
          expect(read.destinationBytes()).toEqual(view.sourceBytes());
          expect(checksumsHold(answer!)).toBe(true);
        }
      }),
    );
  });

  it('to a SYN is a reset that acknowledges it, across the wrap of sequence numbers', () => {
    const reset = viewOf(tcpReset(asked(6, tcpFlags.syn))!);
    expect(reset.flags).toBe(tcpFlags.rst | tcpFlags.ack);
    expect(reset.word32(reset.transport + 4)).toBe(0);
    expect(reset.word32(reset.transport + 8)).toBe(0);
    expect([reset.sourcePort, reset.destinationPort]).toEqual([443, 40_000]);
  });

  it('to a stray segment is a reset at the place that it acknowledged', () => {
    const reset = viewOf(tcpReset(asked(6, tcpFlags.ack, new Uint8Array(5)))!);
    expect(reset.flags).toBe(tcpFlags.rst);
    expect(reset.word32(reset.transport + 4)).toBe(77);
  });

  it('is not given to a reset, nor an ICMP error to an ICMP error', () => {
    expect(tcpReset(asked(6, tcpFlags.rst))).toBeUndefined();
    expect(unreachable(asked(1, 3), 'host')).toBeUndefined();
    expect(unreachable(asked(58, 1, undefined, ['fd00::1', 'fd00::2']), 'host')).toBeUndefined();
  });

  it('by ICMP repeats what was asked, and no more than may be', () => {
    const view = asked(17, 0, new Uint8Array(2_000));
    const error = viewOf(unreachable(view, 'prohibited')!);
    expect([error.flags, error.bytes[error.transport + 1]]).toEqual([3, 13]);
    expect(payloadOf(error)).toEqual(view.copy().subarray(0, 548));
  });

  it('to an echo keeps its id and sequence', () => {
    const view = asked(1, 8, new Uint8Array([1, 2, 3]));
    const reply = echoReply(view, new Uint8Array([1, 2, 3]));
    expect([...reply.subarray(20, 22)]).toEqual([0, 0]);
    expect([...reply.subarray(24)]).toEqual([0x4d, 0x01, 0, 7, 1, 2, 3]);
  });
});
