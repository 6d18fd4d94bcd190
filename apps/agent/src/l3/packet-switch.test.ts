import { afterEach, describe, expect, it, vi } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import {
  buildPacket,
  checksumsHold,
  seededNumbers,
  slowChecksum,
  type PacketShape,
} from '@sallyport/tunnel/testing';
import ipaddr from 'ipaddr.js';
import { judge } from '../admission.ts';
import { Client, type Admitted } from '../client.ts';
import { packetIdleMs } from '../limits.ts';
import { noMeters } from '../meters.ts';
import type { PacketDevice } from '../ports.ts';
import type { FlowRecord } from '../records/flow-record.ts';
import { aGateway, grantId } from '../testing/index.ts';
import { PacketSwitch } from './packet-switch.ts';

const own = { 4: '100.127.255.2', 6: 'fd73:616c:6c79::2' } as const;
const laptop = { 4: '100.64.0.1', 6: 'fd7a::1' } as const;
const gre = 47;
const allow = [
  { cidr: '10.20.0.0/24', ports: [], proto: 'ip' as const },
  { cidr: 'fd20::/64', ports: [], proto: 'ip' as const },
  { cidr: '169.254.0.0/16', ports: [], proto: 'ip' as const },
  { cidr: '10.30.0.0/24', ports: [[1, 65_535] as [number, number]], proto: 'tcp' as const },
];
const facts = { ownAddresses: ['10.20.0.10', own[4], own[6]], closedAddresses: ['10.20.0.2'] };

/** A device that keeps what it is given. */
function aDevice(addresses: readonly string[] = [own[4], own[6]]) {
  const sent: Uint8Array[] = [];
  let receive: (packet: Uint8Array) => void = () => undefined;
  const device: PacketDevice = {
    addresses,
    send: (packet) => sent.push(packet) > 0,
    receive: (received) => (receive = received),
  };
  return { device, sent, arrive: (packet: Uint8Array) => receive(packet) };
}

/** A switch with clients whose packets are noted. */
function aSwitch(max = Infinity) {
  const effects = simulatedEffects();
  const { device, sent, arrive } = aDevice();
  const dropped: string[] = [];
  const records: FlowRecord[] = [];
  const packets = new PacketSwitch({
    device,
    effects,
    judge: (client, address) => judge('ip', { address, port: 0 }, client.claims.allow, facts),
    isFull: (client) => client.open >= max,
    keep: (client, conversation) => {
      client.conversations.add(conversation);
      conversation.trace.whenFinished(() => client.conversations.delete(conversation));
    },
    moved: () => undefined,
    dropped: (why) => dropped.push(why),
  });
  const aClient = (claims: Partial<Admitted['claims']> = {}) => {
    const heard: Uint8Array[] = [];
    const grant = { claims: { sub: grantId, usr: 'prs_1', jti: 'tok_1', allow, ...claims } };
    const association = { grant, sendPacket: (packet: Uint8Array) => heard.push(packet) };
    const client = new Client(association as never, effects, (record) => records.push(record));
    return { client, heard };
  };
  return { packets, effects, sent, arrive, dropped, records, aClient };
}

const said = Uint8Array.from([0, 0, 8, 0, 1, 2, 3, 4]);
const packet = (but: Partial<PacketShape> = {}) =>
  buildPacket({ from: laptop[4], to: '10.20.0.60', protocol: gre, payload: said, ...but });
const addresses = (bytes: Uint8Array) => {
  const [at, length] = bytes[0]! >>> 4 === 4 ? [12, 4] : [8, 16];
  const text = (from: number) => ipaddr.fromByteArray([...bytes.subarray(from, from + length)]).toString();
  return { from: text(at), to: text(at + length) };
};
const headerHolds = (bytes: Uint8Array) => bytes[0]! >>> 4 === 6 || slowChecksum(bytes.subarray(0, 20)) === 0;

describe('whole packets', () => {
  it.each([4, 6] as const)(
    'of a granted protocol leave from the device’s address and answers come back (IPv%i)',
    (family) => {
      const { packets, sent, arrive, aClient } = aSwitch();
      const { client, heard } = aClient();
      const far = family === 4 ? '10.20.0.60' : 'fd20::60';
      packets.fromClient(client, packet({ from: laptop[family], to: far }));
      expect(sent.map(addresses)).toEqual([{ from: own[family], to: far }]);
      expect(headerHolds(sent[0]!)).toBe(true);
      arrive(packet({ from: far, to: own[family] }));
      expect(heard.map(addresses)).toEqual([{ from: far, to: laptop[family] }]);
      expect(headerHolds(heard[0]!)).toBe(true);
    },
  );

  it('may come in memory that is used for others as well', () => {
    const { packets, arrive, dropped, aClient } = aSwitch();
    const { client, heard } = aClient();
    const received = Buffer.from(packet());
    packets.fromClient(client, received);
    expect([...received]).toEqual([...packet()]);
    received.fill(0);
    const back = Buffer.from(packet({ from: '10.20.0.60', to: own[4] }));
    arrive(back);
    back.fill(0);
    packets.fromClient(client, Buffer.from(packet()));
    expect([heard.map(addresses), dropped]).toEqual([[{ from: '10.20.0.60', to: laptop[4] }], []]);
  });

  it('are what the naive filter lets pass, of ten thousand', () => {
    const { packets, sent, dropped, aClient } = aSwitch();
    const { client } = aClient();
    packets.fromClient(client, packet());
    packets.fromClient(client, packet({ from: laptop[6], to: 'fd20::60' }));
    const next = seededNumbers(20_261_122);
    const one = <T>(of: readonly T[]): T => of[next(of.length)]!;
    const destinations = [
      '10.20.0.60',
      '10.20.0.10',
      '10.20.0.2',
      '10.20.1.1',
      '10.30.0.5',
      '169.254.169.254',
    ];
    destinations.push(
      '127.0.0.1',
      '224.0.0.1',
      'fd20::60',
      'fd20:0:0:1::1',
      'fe80::1',
      'fd00:ec2::254',
      '::1',
    );
    destinations.push('64:ff9b::10.20.0.10', own[4], own[6]);
    let [passed, refused] = [0, 0];
    for (let count = 0; count < 10_000; count += 1) {
      const to = one(destinations);
      const to4 = to === '10.20.0.60' ? `10.20.0.${String(next(256))}` : to;
      const from = one([
        ...(to.includes(':') ? [laptop[6], laptop[6], 'fd7a::2'] : [laptop[4], laptop[4], '100.64.0.9']),
      ]);
      const shape = {
        ...{
          from,
          to: to4,
          protocol: one([1, 6, 17, 47, 50, 58, 132, 136, 255]),
          payload: new Uint8Array(24),
        },
        ...(next(20) === 0 ? { fragment: 0x2000 } : {}),
        ...(next(20) === 0 && !to.includes(':') ? { options: 1 } : {}),
      };
      const [sentBefore, droppedBefore] = [sent.length, dropped.length];
      packets.fromClient(client, buildPacket(shape));
      const passes = naive(shape);
      expect([sent.length - sentBefore, dropped.length - droppedBefore], JSON.stringify(shape)).toEqual(
        passes ? [1, 0] : [0, 1],
      );
      if (passes) passed += 1;
      else refused += 1;
    }
    // The generator makes both kinds in numbers.
    expect(Math.min(passed, refused)).toBeGreaterThan(300);
  });

  it('that nobody asked for do not come in, whatever they are', () => {
    const { packets, arrive, dropped, aClient } = aSwitch();
    const { client, heard } = aClient();
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    packets.fromClient(client, packet());
    arrive(packet({ from: '10.20.0.61', to: own[4] }));
    arrive(packet({ from: '10.20.0.60', to: own[4], protocol: 50 }));
    arrive(packet({ from: '10.20.0.60', to: '10.20.0.10' }));
    for (const protocol of [1, 6, 17])
      arrive(packet({ from: '10.20.0.60', to: own[4], protocol, payload: new Uint8Array(20), flags: 8 }));
    expect(heard).toEqual([]);
    expect(dropped).toEqual(Array(7).fill('unasked'));
  });

  it('that the network cannot carry are told of by ICMP, for the client’s own packets alone', () => {
    const { packets, sent, arrive, dropped, aClient } = aSwitch();
    const { client, heard } = aClient();
    for (const [family, far, router] of [
      [4, '10.20.0.60', '10.20.0.1'],
      [6, 'fd20::60', 'fd20::1'],
    ] as const) {
      packets.fromClient(client, packet({ from: laptop[family], to: far }));
      const quoted = sent.at(-1)!;
      const error = { protocol: family === 4 ? 1 : 58, flags: family === 4 ? 3 : 2 };
      arrive(buildPacket({ from: router, to: own[family], payload: quoted, ...error }));
      const told = heard.at(-1)!;
      expect(addresses(told)).toEqual({ from: router, to: laptop[family] });
      const inner = told.subarray((family === 4 ? 20 : 40) + 8);
      expect(addresses(inner)).toEqual({ from: laptop[family], to: far });
      expect([checksumsHold(told), headerHolds(inner)]).toEqual([true, true]);
      const foreign = packet({ from: own[family], to: family === 4 ? '10.20.0.99' : 'fd20::99' });
      arrive(buildPacket({ from: router, to: own[family], payload: foreign, ...error }));
      // Quoted too short to be told apart.
      arrive(buildPacket({ from: router, to: own[family], payload: quoted.subarray(0, 8), ...error }));
    }
    expect(heard).toHaveLength(2);
    expect(dropped).toEqual(Array(4).fill('unasked'));
  });

  it('to a destination belong to one client at a time, until it has paused', () => {
    const { packets, effects, sent, arrive, dropped, records, aClient } = aSwitch();
    const [first, second] = [aClient(), aClient()];
    packets.fromClient(first.client, packet());
    packets.fromClient(second.client, packet());
    expect(dropped).toEqual(['taken']);
    effects.time.advance(packetIdleMs - 1_000);
    packets.fromClient(first.client, packet());
    effects.time.advance(2_000);
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    expect([first.heard.length, second.heard.length, records.length]).toEqual([1, 0, 0]);
    effects.time.advance(packetIdleMs);
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    expect(dropped).toEqual(['taken', 'unasked']);
    expect(records).toMatchObject([
      { proto: 'ip', destination: '10.20.0.60', port: gre, bytesUp: 56, bytesDown: 28, end: 'client' },
    ]);
    packets.fromClient(second.client, packet());
    expect(sent).toHaveLength(3);
  });

  it('come from one address of each family for as long as the link lives', () => {
    const { packets, dropped, aClient } = aSwitch();
    const { client } = aClient();
    for (const from of [laptop[4], '100.64.0.2', laptop[4]]) packets.fromClient(client, packet({ from }));
    packets.fromClient(aClient().client, packet({ from: '100.64.0.2', to: '10.20.0.61' }));
    expect(dropped).toEqual(['foreign-source']);
  });

  it('are conversations of those that the token allows, and end with what is no longer allowed', () => {
    const { packets, arrive, dropped, records, aClient } = aSwitch(2);
    const { client, heard } = aClient();
    for (const host of ['60', '61', '62']) packets.fromClient(client, packet({ to: `10.20.0.${host}` }));
    expect(dropped).toEqual(['limited']);
    for (const conversation of [...client.conversations]) conversation.break('FLOW_NOT_GRANTED', 'revoked');
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    expect(heard).toEqual([]);
    expect(records.map(({ end }) => end)).toEqual(['revoked', 'revoked']);
  });

  it('keep the checksums that cover addresses', () => {
    const { packets, sent, aClient } = aSwitch();
    const { client } = aClient();
    // UDP-Lite has the checksum of UDP when it covers everything: the protocol's number is all that differs.
    const lite = buildPacket({ from: laptop[4], to: '10.20.0.60', protocol: 17, payload: said });
    lite[9] = 136;
    packets.fromClient(client, lite);
    const there = sent[0]!.slice();
    there[9] = 17;
    const expected = buildPacket({ from: own[4], to: '10.20.0.60', protocol: 17, payload: said });
    expect([...there.subarray(26, 28)]).toEqual([...expected.subarray(26, 28)]);
  });
});

/** The rule as a sentence, by none of the switch's code. */
function naive({ from, to, protocol, fragment, options }: PacketShape): boolean {
  if (fragment !== undefined || options !== undefined) return false;
  if (from !== laptop[4] && from !== laptop[6]) return false;
  if ([1, 6, 17, 58].includes(protocol)) return false;
  if (facts.ownAddresses.includes(to) || facts.closedAddresses.includes(to)) return false;
  return /^10\.20\.0\.\d+$/.test(to) || to === 'fd20::60';
}

describe('an agent', () => {
  const agents: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.close()));
  });
  const soon = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

  it('with a device offers packets, carries what is granted and drops what is not', async () => {
    const { device, sent, arrive } = aDevice([own[4]]);
    const dropped: string[] = [];
    const meters = { ...noMeters, packetDropped: (why: string) => void dropped.push(why) };
    const { agent, client, records } = await aGateway({ packets: device, meters });
    agents.push(agent);
    const { link, up, token, packets } = await client({ allow });
    await up;
    expect(link.features.has('packets')).toBe(true);
    link.sendPacket(packet());
    link.sendPacket(packet({ to: '10.30.0.5' }));
    link.sendPacket(packet({ to: own[4] }));
    link.sendPacket(packet({ from: laptop[6], to: 'fd20::60' }));
    await soon(() => expect(dropped).toEqual(['not_allowed', 'own_address', 'no-address']));
    expect(sent.map(addresses)).toEqual([{ from: own[4], to: '10.20.0.60' }]);
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    await soon(() => expect(packets.map(addresses)).toEqual([{ from: '10.20.0.60', to: laptop[4] }]));
    link.renew(await token({ allow: allow.slice(1) }));
    await soon(() =>
      expect(records).toContainEqual(
        expect.objectContaining({ proto: 'ip', destination: '10.20.0.60', port: gre, end: 'revoked' }),
      ),
    );
    expect(records).toContainEqual(expect.objectContaining({ destination: '10.30.0.5', end: 'refused' }));
    arrive(packet({ from: '10.20.0.60', to: own[4] }));
    expect(dropped.at(-1)).toBe('unasked');
  });

  it('without one does not offer them', async () => {
    const { agent, client } = await aGateway();
    agents.push(agent);
    const { link, up } = await client({ allow });
    await up;
    expect(link.features.has('packets')).toBe(false);
    link.sendPacket(packet());
  });
});
