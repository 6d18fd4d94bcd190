import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, nameIsGranted, type GatewayFacts } from './admission.ts';

const facts: GatewayFacts = {
  ownAddresses: ['10.0.2.10', '2600:1f18::10', 'fe80::1%eth0'],
  closedAddresses: ['10.0.0.2'],
};
/** A token that opens the whole world, so that only the fixed list can say no. */
const everything = [
  { cidr: '0.0.0.0/0', ports: [[0, 65_535]] as [number, number][], proto: 'tcp' as const },
  { cidr: '::/0', ports: [[0, 65_535]] as [number, number][], proto: 'tcp' as const },
  { cidr: '0.0.0.0/0', ports: [], proto: 'ip' as const },
  { cidr: '::/0', ports: [], proto: 'ip' as const },
];
const verdict = (address: string, allow = everything, port = 80) =>
  judge('tcp', { address, port }, allow, facts);

describe('whatever a token says, the agent never dials', () => {
  it.each([
    ['this host', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['the end of loopback', '127.255.255.255'],
    ['metadata', '169.254.169.254'],
    ['container credentials', '169.254.170.2'],
    ['the Amazon resolver', '169.254.169.253'],
    ['metadata of another cloud', '100.100.100.200'],
    ['the agent of a third', '168.63.129.16'],
    ['metadata of a fourth', '192.0.0.192'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['the unspecified IPv6 address', '::'],
    ['IPv6 loopback', '::1'],
    ['IPv6 loopback in full', '0:0:0:0:0:0:0:1'],
    ['IPv6 link-local', 'fe80::1'],
    ['the end of IPv6 link-local', 'febf:ffff::1'],
    ['IPv6 site-local', 'fec0::1'],
    ['IPv6 metadata', 'fd00:ec2::254'],
    ['IPv6 metadata in capitals', 'FD00:0EC2:0:0:0:0:0:254'],
    ['IPv6 metadata of another cloud', 'fd20:ce::254'],
    ['IPv6 multicast', 'ff02::1'],
    ['metadata, IPv4-mapped', '::ffff:169.254.169.254'],
    ['metadata, IPv4-mapped in hexadecimal', '::ffff:a9fe:a9fe'],
    ['metadata, IPv4-compatible', '::169.254.169.254'],
    ['loopback, IPv4-translated', '::ffff:0:7f00:1'],
    ['metadata through NAT64', '64:ff9b::169.254.169.254'],
    ['metadata through NAT64 in hexadecimal', '64:ff9b::a9fe:a9fe'],
    ['metadata through NAT64 of the site', '64:ff9b:1::a9fe:a9fe'],
    ['loopback by 6to4', '2002:7f00:1::1'],
    ['metadata by 6to4', '2002:a9fe:a9fe::'],
    ['metadata as Teredo client', '2001:0:4136:e378:8000:63bf:5601:5601'],
    ['loopback as Teredo server', '2001:0:7f00:1:0:0:0:0'],
    ['metadata by ISATAP', '2600:1f18::5efe:a9fe:a9fe'],
    ['metadata by ISATAP, global', '2600:1f18::200:5efe:a9fe:a9fe'],
  ])('%s (%s)', (_, address) => {
    expect(verdict(address)).toEqual({ granted: false, why: 'refused_forever' });
  });

  it.each([
    ['decimal', '2852039166'],
    ['octal', '0251.0376.0251.0376'],
    ['octal with zeros', '0000251.0376.0251.0376'],
    ['hexadecimal', '0xa9fea9fe'],
    ['hexadecimal parts', '0xa9.0xfe.0xa9.0xfe'],
    ['two parts', '169.16689662'],
    ['three parts', '169.254.43518'],
    ['short loopback', '127.1'],
    ['one zero', '0'],
    ['mixed bases', '0xa9.254.0251.254'],
    ['leading zeros', '169.254.169.0254'],
    ['a trailing dot', '169.254.169.254.'],
    ['a space', ' 169.254.169.254'],
    ['a line break', '169.254.169.254\n'],
    ['a NUL', '10.0.0.5\0.internal'],
    ['a zone', 'fe80::1%eth0'],
    ['a zone on a plain address', '2600::1%1'],
    ['brackets', '[::1]'],
    ['a URL', 'http://169.254.169.254'],
    ['full-width digits', '１６９.254.169.254'],
    ['a name', 'metadata.internal'],
    ['nothing', ''],
    ['IPv4-mapped octal', '::ffff:0251.254.169.254'],
  ])('an address in %s notation', (_, address) => {
    expect(verdict(address)).toEqual({ granted: false, why: 'not_an_address' });
  });

  it.each([
    ['its own address', '10.0.2.10', 'own_address'],
    ['its own address, mapped', '::ffff:10.0.2.10', 'own_address'],
    ['its own IPv6 address', '2600:1f18:0:0::10', 'own_address'],
    ['the resolver of the network', '10.0.0.2', 'closed_address'],
    ['the resolver, mapped', '::ffff:a00:2', 'closed_address'],
    ['the resolver through NAT64', '64:ff9b::10.0.0.2', 'closed_address'],
    ['its own address by 6to4', '2002:a00:20a::1', 'own_address'],
  ])('%s', (_, address, why) => {
    expect(verdict(address)).toEqual({ granted: false, why });
  });
});

describe('what a token allows', () => {
  const allow = [
    {
      cidr: '10.20.0.0/24',
      ports: [
        [5432, 5432],
        [8000, 8010],
      ] as [number, number][],
      proto: 'tcp' as const,
    },
    { cidr: 'fd00:10:2::/64', ports: [[80, 80]] as [number, number][], proto: 'tcp' as const },
    { cidr: '10.20.0.0/24', ports: [], proto: 'icmp' as const },
    { cidr: '10.30.0.9/24', ports: [], proto: 'ip' as const },
  ];
  const asked = (proto: 'tcp' | 'udp' | 'icmp' | 'ip', address: string, port = 0) =>
    judge(proto, { address, port }, allow, facts).granted;

  it('is what is dialled, in one form', () => {
    expect(judge('tcp', { address: '::ffff:10.20.0.7', port: 5432 }, allow, facts)).toEqual({
      granted: true,
      address: '10.20.0.7',
      family: 4,
    });
    expect(judge('tcp', { address: 'FD00:10:2:0::60', port: 80 }, allow, facts)).toEqual({
      granted: true,
      address: 'fd00:10:2::60',
      family: 6,
    });
  });

  it('holds range, port and protocol together', () => {
    expect(asked('tcp', '10.20.0.7', 8010)).toBe(true);
    expect(asked('tcp', '10.20.0.7', 8011)).toBe(false);
    expect(asked('tcp', '10.20.0.7', 5431)).toBe(false);
    expect(asked('tcp', '10.20.1.0', 5432)).toBe(false);
    expect(asked('udp', '10.20.0.7', 5432)).toBe(false);
    expect(asked('icmp', '10.20.0.7')).toBe(true);
    expect(asked('icmp', 'fd00:10:2::60')).toBe(false);
    expect(asked('ip', '10.20.0.7')).toBe(false);
    expect(asked('udp', '10.30.0.200', 53)).toBe(true);
    expect(asked('tcp', '10.30.1.1', 1)).toBe(false);
  });

  it('is nothing where nothing is listed', () => {
    expect(judge('tcp', { address: '10.20.0.7', port: 5432 }, [], facts)).toEqual({
      granted: false,
      why: 'not_allowed',
    });
  });

  it('agrees with arithmetic on the bits, for any IPv4 address and range', () => {
    const address = fc.nat(0xff_ff_ff_ff);
    const text = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
    fc.assert(
      fc.property(address, address, fc.nat(32), fc.boolean(), (to, base, bits, near) => {
        const from = near ? (to ^ (base & 0xff)) >>> 0 : base;
        const cidr = `${text(from)}/${String(bits)}`;
        const mask = bits === 0 ? 0 : (0xff_ff_ff_ff << (32 - bits)) >>> 0;
        const inside = (to & mask) >>> 0 === (from & mask) >>> 0;
        const given = judge(
          'tcp',
          { address: text(to), port: 1 },
          [{ cidr, ports: [[1, 1]], proto: 'tcp' }],
          facts,
        );
        if (given.granted) expect(inside).toBe(true);
        else if (given.why === 'not_allowed') expect(inside).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

it('answers for a suffix and what lies below it, not for what merely ends alike', () => {
  expect(nameIsGranted('db.internal', ['internal'])).toBe(true);
  expect(nameIsGranted('internal', ['internal'])).toBe(true);
  expect(nameIsGranted('db.notinternal', ['internal'])).toBe(false);
  expect(nameIsGranted('internal.example.com', ['internal'])).toBe(false);
  expect(nameIsGranted('db.internal', [])).toBe(false);
});

describe('a verdict that was given before', () => {
  const allow = [{ cidr: '10.0.2.0/24', ports: [[80, 80]] as [number, number][], proto: 'tcp' as const }];
  const to = { address: '10.0.2.60', port: 80 };

  it('holds no longer than what it was given on', () => {
    expect(judge('tcp', to, allow, facts)).toMatchObject({ granted: true });
    expect(judge('tcp', to, allow, { ...facts, ownAddresses: ['10.0.2.60'] })).toEqual({
      granted: false,
      why: 'own_address',
    });
    expect(judge('tcp', to, allow, { ...facts, closedAddresses: ['10.0.2.60'] })).toEqual({
      granted: false,
      why: 'closed_address',
    });
    expect(judge('tcp', to, [], facts)).toEqual({ granted: false, why: 'not_allowed' });
    expect(judge('tcp', to, allow, facts)).toMatchObject({ granted: true });
  });

  it('is of its own protocol, address and port alone', () => {
    expect(judge('tcp', to, allow, facts)).toMatchObject({ granted: true });
    for (const [proto, address, port] of [
      ['udp', to.address, 80],
      ['icmp', to.address, 80],
      ['tcp', to.address, 81],
      ['tcp', '10.0.3.60', 80],
    ] as const)
      expect(judge(proto, { address, port }, allow, facts)).toEqual({ granted: false, why: 'not_allowed' });
  });

  it('is as good after more addresses than are remembered', () => {
    for (let last = 0; last < 256; last += 1)
      for (const port of [79, 80, 81, 82, 83]) {
        const verdict = judge('tcp', { address: `10.0.2.${last}`, port }, allow, facts);
        expect(verdict.granted, `${last}:${port}`).toBe(port === 80 && last !== 10);
      }
  });
});
