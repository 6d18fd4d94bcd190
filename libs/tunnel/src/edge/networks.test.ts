import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, networkText, overlaps, parseNetwork, withoutInner } from './networks.ts';
import {
  isNeverRouted,
  isReservedName,
  isReservedSuffix,
  isTooWide,
  isVirtual,
  reservedInside,
} from './reserved.ts';

const parsed = (text: string) => parseNetwork(text)!;

it.each([
  ['10.0.0.0/16', '10.0.0.0/16'],
  ['10.0.2.60', '10.0.2.60/32'],
  ['FD00:0:0::/48', 'fd00::/48'],
  ['::1', '::1/128'],
  ['0.0.0.0/0', '0.0.0.0/0'],
])('reads %s', (text, canonical) => {
  expect(networkText(parsed(text))).toBe(canonical);
});

it.each([
  '10.0.0.1/16', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/016', '10.0.0.0/', '10.0.0', '010.0.0.1', '0x7f.0.0.1', '2130706433',
  '::ffff:10.0.0.1', 'fe80::1%eth0', '10.0.0.0/8/8', '', ' 10.0.0.1', 'fd00::/129', 'fd00::1/64', '1.2.3.4.5',
])('takes %s for no network', (text) => {
  expect(parseNetwork(text)).toBeNull();
}); // prettier-ignore

it('agrees with counting about overlaps and containment', () => {
  const small = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
    .map(([last, prefix]) => {
      const size = 2 ** (32 - prefix);
      return parsed(`10.0.0.${Math.floor(last / size) * size}/${prefix}`);
    });
  const members = (text: string) => {
    const [address, prefix] = text.split('/');
    const first = Number(address!.split('.')[3]);
    return new Set(Array.from({ length: 2 ** (32 - Number(prefix)) }, (_, at) => first + at));
  };
  fc.assert(
    fc.property(small, small, (one, other) => {
      const [a, b] = [members(networkText(one)), members(networkText(other))];
      expect(overlaps(one, other)).toBe([...a].some((one) => b.has(one)));
      expect(contains(one, other)).toBe([...b].every((one) => a.has(one)));
    }),
  );
});

it('keeps of nested networks the outer ones', () => {
  const networks = ['10.0.0.0/16', '10.0.2.0/24', '10.0.2.60', 'fd00::/16', '10.0.0.0/16'].map(parsed);
  expect(withoutInner(networks).map(networkText).sort()).toEqual(['10.0.0.0/16', 'fd00::/16']);
});

describe('what is reserved', () => {
  it.each(['0.0.0.0/0', '8.0.0.0/5', '::/0', 'fc00::/7'])('%s is too wide for anybody', (text) => {
    expect(isTooWide(parsed(text))).toBe(true);
  });
  it.each([
    '127.0.0.1',
    '169.254.169.254',
    'fe80::/64',
    'ff02::1',
    '224.0.0.0/8',
    '255.255.255.255',
    '64:ff9b::/96',
    'fd00:ec2::254',
  ])('%s is never routed', (text) => expect(isNeverRouted(parsed(text))).toBe(true));
  it('leaves the reserved parts of a wide network outside', () => {
    expect(reservedInside(parsed('100.0.0.0/8')).map(networkText)).toEqual(['100.100.100.200/32']);
    expect(reservedInside(parsed('fd00::/16')).map(networkText)).toEqual(['fd00:ec2::/32']);
    expect(isNeverRouted(parsed('10.0.0.0/8'))).toBe(false);
  });
  it('takes virtual addresses from pools that nobody routes', () => {
    expect(['100.64.8.0/29', '198.18.0.0/16', 'fd12::/64'].map((text) => isVirtual(parsed(text)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.0.0.0/24', '100.0.0.0/9', '203.0.113.0/29'].map((text) => isVirtual(parsed(text)))).toEqual([
      false,
      false,
      false,
    ]);
  });
  it.each([
    'com',
    'co.uk',
    'aws',
    'amazonaws.com',
    'rds.amazonaws.com',
    'eu-west-1.rds.amazonaws.com',
    'local',
    'arpa',
    'github.io',
  ])('never lists the suffix %s', (name) => expect(isReservedSuffix(name)).toBe(true));
  it.each(['internal', 'db.example', 'corp.example.com', 'prod.internal'])(
    'may list the suffix %s',
    (name) => {
      expect(isReservedSuffix(name)).toBe(false);
    },
  );
  it('knows names that are never answered', () => {
    expect(['localhost', 'x.amazonaws.com', '10.0.0.1', 'a.onion'].every(isReservedName)).toBe(true);
    expect(['prod-rds', 'db.internal'].some(isReservedName)).toBe(false);
  });
});
