import { describe, expect, it } from 'vitest';
import type { Resource } from '@sallyport/api-client';
import { grantedLines } from './granted-network.ts';

type Network = NonNullable<Resource['network']>;

const vpc: Network = {
  routes: [
    { cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' },
    {
      cidr: '10.0.0.0/16',
      ports: [
        [53, 53],
        [8000, 8010],
      ],
      proto: 'udp',
    },
    { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' },
    { cidr: 'fd00:10:2::/64', ports: [[443, 443]], proto: 'tcp' },
  ],
  suffixes: ['internal'],
  resolver: '10.0.0.2',
  carries: ['tcp', 'udp', 'icmp'],
  way: 'agent',
  everything: false,
};

describe('what a grant of a network opens, in words', () => {
  it('names addresses, ports, names and who judges', () => {
    expect(grantedLines(vpc)).toEqual([
      '10.0.0.0/16: TCP all ports, UDP 53, 8000-8010, ping; fd00:10:2::/64: TCP 443',
      'names *.internal asked of 10.0.0.2',
      'held to it by the agent on the gateway, which judges every conversation',
    ]);
  });

  it('says how fast it may be, where that is bounded', () => {
    expect(grantedLines({ ...vpc, maxBps: 20_000_000 }).at(-1)).toBe(
      'at most 20 Mbit/s each way for each client',
    );
  });

  it.each([
    [false, 'held to it by sshd (PermitOpen)'],
    [true, 'held to it by NOTHING: sshd forwards to everything that this gateway reaches'],
  ])('says of a network by sshd whether anything holds people to it (everything: %s)', (everything, said) => {
    expect(grantedLines({ ...vpc, way: 'ssh', suffixes: [], everything }).slice(1)).toEqual([said]);
  });
});
