import { buildPacket } from './packets.ts';
import type { DropReason } from '../filter/verdict.ts';
import type { Route } from '../filter/rule.ts';

/** The grant that {@link outsidePackets} stays outside of. */
export const outsideGrant = {
  sources: ['100.64.0.1', 'fd7a::1'],
  responder: '100.64.0.2',
  routes: [
    {
      cidr: '10.20.0.0/16',
      ports: [
        [443, 443],
        [5432, 5439],
      ],
      proto: 'tcp',
    },
    { cidr: '10.20.0.0/16', ports: [[53, 53]], proto: 'udp' },
    { cidr: '10.20.7.0/24', ports: [], proto: 'icmp' },
    { cidr: '100.64.0.5/32', ports: [[5432, 5432]], proto: 'tcp' },
    { cidr: 'fd20::/32', ports: [[443, 443]], proto: 'tcp' },
  ] as const satisfies readonly Route[],
} as const;

/** A source of numbers that is the same for the same seed. */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const template = (from: string, to: string, protocol: number) =>
  buildPacket({
    from,
    to,
    protocol,
    sourcePort: 40_000,
    destinationPort: 443,
    flags: 2,
    payload: new Uint8Array(12),
  });

const tcp = () => template('100.64.0.1', '10.20.1.1', 6);
const udp = () => template('100.64.0.1', '10.20.1.1', 17);
const echo = () => buildPacket({ from: '100.64.0.1', to: '10.20.7.9', protocol: 1, flags: 8 });
const tcp6 = () => template('fd7a::1', 'fd20::1', 6);

type Numbers = (below: number) => number;

function setPort(packet: Uint8Array, transport: number, port: number): void {
  packet[transport + 2] = port >>> 8;
  packet[transport + 3] = port & 255;
}

/** A port that no rule of the grant names. */
function ungranted(next: Numbers): number {
  const port = next(65_536);
  return port === 443 || port === 53 || (port >= 5432 && port <= 5439) ? 444 : port;
}

/** One kind of packet that is outside, the reason that must be counted for it, and how one of it is made in place. */
interface Kind {
  readonly reason: DropReason;
  readonly packet: Uint8Array;
  change(packet: Uint8Array, next: Numbers): void;
  /** How much of it is shown; all, when left out. */
  length?(packet: Uint8Array, next: Numbers): number;
}

const kinds: readonly Kind[] = [
  {
    reason: 'port-not-granted',
    packet: tcp(),
    change: (packet, next) => setPort(packet, 20, ungranted(next)),
  },
  {
    reason: 'port-not-granted',
    packet: udp(),
    change: (packet, next) => setPort(packet, 20, ungranted(next)),
  },
  {
    reason: 'port-not-granted',
    packet: tcp6(),
    change: (packet, next) => setPort(packet, 40, ungranted(next)),
  },
  {
    reason: 'address-not-granted',
    packet: tcp(),
    change: (packet, next) => {
      packet[16] = 11 + next(80);
      packet[17] = next(256);
      packet[19] = next(256);
    },
  },
  {
    reason: 'address-not-granted',
    packet: tcp6(),
    change: (packet, next) => {
      packet[24] = 0x20 + next(16);
      packet[39] = next(256);
    },
  },
  {
    reason: 'never-routed',
    packet: tcp(),
    change: (packet, next) =>
      packet.set(
        [
          [127, 0, 0, 1],
          [169, 254, 169, 254],
          [0, 1, 2, 3],
          [224 + next(32), 0, 0, 251],
        ][next(4)]!,
        16,
      ),
  },
  {
    reason: 'never-routed',
    packet: tcp6(),
    change: (packet, next) =>
      packet.set(
        [
          [0xfe, 0x80, 0, 0],
          [0xff, 2, 0, 0],
          [0xfd, 0, 0x0e, 0xc2],
        ][next(3)]!,
        24,
      ),
  },
  { reason: 'foreign-source', packet: tcp(), change: (packet, next) => (packet[15] = 2 + next(250)) },
  { reason: 'foreign-source', packet: tcp6(), change: (packet, next) => (packet[20] = 1 + next(255)) },
  // A network's own ports for another protocol.
  { reason: 'protocol-not-granted', packet: echo(), change: (packet, next) => (packet[18] = 8 + next(200)) },
  {
    reason: 'protocol-not-granted',
    packet: echo(),
    change: (packet, next) => (packet[20] = [0, 3, 5, 13, 17][next(5)]!),
  },
  {
    reason: 'protocol-not-granted',
    packet: tcp(),
    change: (packet, next) => (packet[9] = [2, 41, 47, 50, 89, 132][next(6)]!),
  },
  { reason: 'options', packet: tcp(), change: (packet, next) => (packet[0] = 0x46 + next(3)) },
  { reason: 'fragment', packet: tcp(), change: (packet, next) => (packet[7] = 1 + next(255)) },
  { reason: 'bad-length', packet: tcp(), change: (packet, next) => (packet[0] = 0x40 + next(5)) },
  { reason: 'bad-length', packet: tcp(), change: (packet, next) => (packet[32] = next(5) << 4) },
  { reason: 'bad-length', packet: udp(), change: (packet, next) => (packet[25] = 21 + next(200)) },
  { reason: 'not-ip', packet: tcp(), change: (packet, next) => (packet[0] = ((7 + next(9)) << 4) | 5) },
  {
    reason: 'truncated',
    packet: tcp(),
    change: () => undefined,
    length: (packet, next) => 1 + next(packet.length - 1),
  },
  {
    reason: 'extension-header',
    packet: tcp6(),
    change: (packet, next) => (packet[6] = [0, 43, 60, 135][next(4)]!),
  },
];

/**
 * Calls `each` for `count` generated packets outside {@link outsideGrant}, with the reason that must be counted. The bytes are made in place and are
 * good only until the call returns.
 */
export function outsidePackets(
  count: number,
  seed: number,
  each: (bytes: Uint8Array, length: number, reason: DropReason) => void,
): void {
  const next = seededNumbers(seed);
  const scratch = new Uint8Array(128);
  for (let made = 0; made < count; made += 1) {
    const kind = kinds[next(kinds.length)]!;
    scratch.set(kind.packet);
    kind.change(scratch, next);
    each(scratch, kind.length?.(kind.packet, next) ?? kind.packet.length, kind.reason);
  }
}
