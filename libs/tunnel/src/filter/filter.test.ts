import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, canonicalAddress } from '../packet/address.ts';
import { PacketView } from '../packet/packet-view.ts';
import { naiveVerdict, type Told } from '../testing/naive-filter.ts';
import { outsideGrant, outsidePackets } from '../testing/outside-packets.ts';
import { buildPacket } from '../testing/packets.ts';
import { Filter } from './filter.ts';
import { readRules, type Protocol, type Route } from './rule.ts';
import { dropReasons, reasonNumber, verdict, type DropReason, type Verdict } from './verdict.ts';

const everything = new Set<Protocol>(['tcp', 'udp', 'icmp']);

function filterOf(
  routes: readonly Route[],
  { carries = everything, responder }: { carries?: ReadonlySet<Protocol>; responder?: string } = {},
): Filter {
  return new Filter({
    sources: ['100.64.0.1', 'fd7a::1'],
    responder,
    rules: readRules(0, routes),
    carries: [carries],
  });
}

const nameOf = (judged: Verdict) => Object.entries(verdict).find(([, value]) => value === judged)![0];

function judge(filter: Filter, packet: Uint8Array): string {
  const view = new PacketView();
  expect(view.read(packet, 0, packet.length)).toBe('');
  const judged = filter.judge(view);
  return judged === verdict.drop ? dropReasons[filter.reason]! : nameOf(judged);
}

const toTcp = (to: string, destinationPort: number, from = '100.64.0.1') =>
  buildPacket({ from, to, protocol: 6, sourcePort: 40_000, destinationPort, flags: 2 });

describe('the filter', () => {
  it('drops what nothing was said about: zero is a drop, and its reason says that nobody judged', () => {
    expect(verdict.drop).toBe(0);
    expect(dropReasons[0]).toBe('unjudged');
    expect(judge(filterOf([]), toTcp('10.0.0.1', 80))).toBe('address-not-granted');
  });

  it('lets granted addresses, protocols and ports pass', () => {
    const filter = filterOf([
      { cidr: '10.0.0.0/8', ports: [[80, 90]], proto: 'tcp' },
      { cidr: 'fd20::/64', ports: [[53, 53]], proto: 'udp' },
      { cidr: '10.1.0.0/16', ports: [], proto: 'icmp' },
    ]);
    expect(judge(filter, toTcp('10.200.0.1', 80))).toBe('tcp');
    expect(judge(filter, toTcp('10.200.0.1', 90))).toBe('tcp');
    expect(judge(filter, toTcp('10.200.0.1', 91))).toBe('port-not-granted');
    expect(judge(filter, toTcp('11.0.0.1', 80))).toBe('address-not-granted');
    const udp = { from: 'fd7a::1', protocol: 17, sourcePort: 1, destinationPort: 53 };
    expect(judge(filter, buildPacket({ ...udp, to: 'fd20::9' }))).toBe('udp');
    expect(judge(filter, buildPacket({ ...udp, to: 'fd20:0:0:1::9' }))).toBe('address-not-granted');
    const echo = { from: '100.64.0.1', protocol: 1, flags: 8 };
    expect(judge(filter, buildPacket({ ...echo, to: '10.1.2.3' }))).toBe('echo');
    expect(judge(filter, buildPacket({ ...echo, to: '10.2.2.3' }))).toBe('protocol-not-granted');
    expect(judge(filter, buildPacket({ ...echo, flags: 13, to: '10.1.2.3' }))).toBe('protocol-not-granted');
  });

  it('never lets link-local, loopback, multicast or metadata addresses pass, whatever is granted', () => {
    const filter = filterOf([
      { cidr: '0.0.0.0/0', ports: [[0, 65_535]], proto: 'tcp' },
      { cidr: '::/0', ports: [], proto: 'ip' },
    ]);
    for (const to of ['127.0.0.1', '169.254.169.254', '224.0.0.251', '255.255.255.255', '0.0.0.1'])
      expect(judge(filter, toTcp(to, 80))).toBe('never-routed');
    for (const to of ['::1', '::', 'fe80::1', 'ff02::1', 'fd00:ec2::254', '::ffff:127.0.0.1'])
      expect(judge(filter, toTcp(to, 80, 'fd7a::1'))).toBe('never-routed');
    expect(judge(filter, toTcp('8.8.8.8', 80))).toBe('tcp');
  });

  it('drops what does not come from the device itself', () => {
    const filter = filterOf([{ cidr: '10.0.0.0/8', ports: [[1, 65_535]], proto: 'tcp' }]);
    expect(judge(filter, toTcp('10.0.0.1', 80, '172.17.0.2'))).toBe('foreign-source');
    expect(judge(filter, toTcp('10.0.0.1', 80, '100.64.0.2'))).toBe('foreign-source');
  });

  it('gives questions for names to the responder and nothing else there', () => {
    const filter = filterOf([{ cidr: '100.64.0.0/24', ports: [[1, 65_535]], proto: 'tcp' }], {
      responder: '100.64.0.2',
    });
    const udp = { from: '100.64.0.1', to: '100.64.0.2', protocol: 17, sourcePort: 1 };
    expect(judge(filter, buildPacket({ ...udp, destinationPort: 53 }))).toBe('names');
    expect(judge(filter, buildPacket({ ...udp, destinationPort: 54 }))).toBe('port-not-granted');
    expect(judge(filter, toTcp('100.64.0.2', 53))).toBe('tcp');
    expect(judge(filter, toTcp('100.64.0.2', 80))).toBe('port-not-granted');
  });

  it('says of what is granted and not carried that it is not carried', () => {
    const filter = filterOf([{ cidr: '10.0.0.0/8', ports: [[53, 53]], proto: 'udp' }], {
      carries: new Set(['tcp'] as const),
    });
    const packet = buildPacket({
      from: '100.64.0.1',
      to: '10.0.0.2',
      protocol: 17,
      sourcePort: 1,
      destinationPort: 53,
    });
    expect(judge(filter, packet)).toBe('not-carried');
  });

  it('hands any protocol over packet by packet where that is granted and carried', () => {
    const carries = new Set(['tcp', 'ip'] as const);
    const filter = filterOf([{ cidr: '10.0.0.0/8', ports: [], proto: 'ip' }], { carries });
    const packet = { from: '100.64.0.1', to: '10.0.0.2' };
    expect(judge(filter, buildPacket({ ...packet, protocol: 47 }))).toBe('raw');
    expect(judge(filter, buildPacket({ ...packet, protocol: 1, flags: 13 }))).toBe('raw');
    // What has a better way takes it.
    expect(judge(filter, toTcp('10.0.0.2', 80))).toBe('tcp');
    const tcpOnly = filterOf([{ cidr: '10.0.0.0/8', ports: [[1, 9]], proto: 'tcp' }], { carries });
    expect(judge(tcpOnly, buildPacket({ ...packet, protocol: 47 }))).toBe('protocol-not-granted');
  });

  it.each([[[-1, 5]], [[5, 4]], [[0, 65_536]], [[1.5, 2]]])('refuses a rule with the ports %j', (span) => {
    expect(() =>
      readRules(0, [{ cidr: '10.0.0.0/8', ports: [span as [number, number]], proto: 'tcp' }]),
    ).toThrow(TypeError);
  });

  it('judges as the naive model does, near the edges of its rules', () => {
    // Few bits vary, so that addresses and ports meet the rules often.
    const host = fc.oneof(
      fc
        .tuple(fc.constantFrom('10.20', '10.21', '100.64', '169.254', '192.168'), fc.nat(3), fc.nat(5))
        .map(([net, one, two]) => `${net}.${one}.${two}`),
      fc
        .tuple(fc.constantFrom('fd20', 'fd21', 'fd7a', 'fe80', 'fd00:ec2'), fc.nat(3))
        .map(([net, one]) => `${net}::${one}`),
    );
    const ranged = fc
      .tuple(host, fc.nat(20))
      .map(([text, less]) => `${text}/${(text.includes(':') ? 128 : 32) - less}`);
    const near = fc.integer({ min: 50, max: 56 });
    const route = fc.record({
      cidr: ranged,
      proto: fc.constantFrom<Protocol>('tcp', 'udp', 'icmp', 'ip'),
      ports: fc.array(
        fc.tuple(near, fc.nat(2)).map(([from, more]) => [from, from + more] as const),
        { maxLength: 2 },
      ),
    });
    const told = fc.record({
      from: fc.constantFrom('100.64.0.1', 'fd7a::1', '100.64.0.3', '10.20.0.1', 'fd7a::2'),
      to: host,
      protocol: fc.constantFrom<Told['protocol']>('tcp', 'udp', 'echo', 'icmp-other', 'other'),
      port: near,
    });
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 6 }),
        fc.option(host, { nil: undefined }),
        fc.array(told, { minLength: 1, maxLength: 8 }),
        (routes, responder, all) => {
          const filter = filterOf(routes, responder === undefined ? {} : { responder });
          for (const one of all) {
            if (one.from.includes(':') !== one.to.includes(':')) continue;
            const six = one.to.includes(':');
            const icmp = six ? 58 : 1;
            const protocol = { tcp: 6, udp: 17, echo: icmp, 'icmp-other': icmp, other: 47 }[one.protocol];
            const echo = six ? 128 : 8;
            const packet = buildPacket({
              ...one,
              protocol,
              sourcePort: 9,
              destinationPort: one.port,
              flags: one.protocol === 'echo' ? echo : 5,
              payload: new Uint8Array(4),
            });
            const view = new PacketView();
            expect(view.read(packet, 0, packet.length)).toBe('');
            expect(addressText(view.destinationBytes())).toBe(canonicalAddress(one.to));
            const expected = naiveVerdict(
              { ...one, port: one.protocol === 'tcp' || one.protocol === 'udp' ? one.port : 0 },
              {
                sources: ['100.64.0.1', 'fd7a::1'],
                routes,
                ...(responder === undefined ? {} : { responder }),
              },
            );
            expect(nameOf(filter.judge(view))).toBe(expected);
          }
        },
      ),
      { numRuns: 700 },
    );
  });

  it('drops every packet of a generated million outside the grant, each counted under its reason', () => {
    const filter = new Filter({
      ...outsideGrant,
      rules: readRules(0, outsideGrant.routes),
      carries: [everything],
    });
    const view = new PacketView();
    const counted = new Float64Array(dropReasons.length);
    const expected = new Float64Array(dropReasons.length);
    let passed = 0;
    outsidePackets(1_000_000, 20_261_122, (bytes, length, reason) => {
      expected[reasonNumber[reason]]! += 1;
      const malformed = view.read(bytes, 0, length);
      if (malformed !== '') counted[reasonNumber[malformed]]! += 1;
      else if (filter.judge(view) === verdict.drop) counted[filter.reason]! += 1;
      else passed += 1;
    });
    expect(passed).toBe(0);
    const told = (counts: Float64Array) =>
      Object.fromEntries(dropReasons.map((reason, index): [DropReason, number] => [reason, counts[index]!]));
    expect(told(counted)).toEqual(told(expected));
    expect(counted.reduce((total, count) => total + count)).toBe(1_000_000);
  });
});
