import { expect, it } from 'vitest';
import { network } from '../networks.ts';
import { slot, type EdgePlan } from '../plan.ts';
import { defaultWay, ifconfigCalls, routeCalls } from './commands.ts';
import { pfAnchor, pfRules, pfToken, refusePfConflicts } from './pf-text.ts';
import { isOurResolverFile, resolverFiles } from './resolver-files.ts';

const plan = (more: Partial<EdgePlan> = {}): EdgePlan => ({
  slot: { ...slot(3), device: 'utun7' },
  via: 'tun',
  uid: 501,
  mtu: 65_535,
  framing: 'utun',
  address4: network('198.18.4.1'),
  address6: null,
  responder4: network('198.18.4.2'),
  responder6: null,
  routes: [network('10.0.0.0/16')],
  excluded: [network('10.0.0.5')],
  captures: [],
  names: [{ name: 'db.internal', address: network('10.0.2.60') }],
  suffixes: ['internal'],
  resolverUid: null,
  ...more,
});

it('writes the rules of a device for the anchor that macOS evaluates', () => {
  expect(pfAnchor(3)).toBe('com.apple/sallyport.3');
  expect(pfRules(plan())).toBe(`\
pass out quick on utun7 inet proto { tcp udp } from any to 198.18.4.2 port 53 keep state
block return out quick on utun7 proto { tcp udp } from any to any user != 501
pass in quick on utun7 inet from 10.0.0.0/16 to 198.18.4.1 keep state
pass in quick on utun7 inet from 198.18.4.2/32 to 198.18.4.1 keep state
block drop in quick on utun7 all
`);
});

it('turns granted conversations to listeners on loopback, translation first', () => {
  const captures = [
    { to: network('10.0.0.0/16'), ports: [1, 65_535] as const, proto: 'tcp' as const, listener: 40_001 },
  ];
  expect(pfRules(plan({ via: 'filter', captures, responder4: null }))).toBe(`\
rdr pass on lo0 inet proto tcp from ! 127.0.0.1 to 10.0.0.0/16 port 1:65535 -> 127.0.0.1 port 40001
pass out quick inet from any to 10.0.0.5
pass out quick route-to lo0 inet proto tcp from any to 10.0.0.0/16 port 1:65535 user 501 keep state
block return out quick inet proto { tcp udp } from any to 10.0.0.0/16 user 501
`);
});

it('reads the token that pf is given back with', () => {
  expect(pfToken('No ALTQ support in kernel\npf enabled\nToken : 11542213390361783511\n')).toBe(
    '11542213390361783511',
  );
  expect(pfToken('pfctl: Permission denied')).toBeNull();
});

const stock = {
  rules: 'scrub-anchor "com.apple/*" all fragment reassemble\nanchor "com.apple/*" all\n',
  translation: 'nat-anchor "com.apple/*" all\nrdr-anchor "com.apple/*" all\n',
  loopback: 'lo0\n',
};

it.each([
  [
    'a VPN that replaced the main rules',
    { rules: 'block drop all\n' },
    /anchor "com\.apple\/\*".*block drop all/,
  ],
  ['main rules without translation', { translation: 'rdr-anchor "vpn" all\n' }, /rdr-anchor/],
  ['loopback that pf skips', { loopback: 'lo0 (skip)\n' }, /skips lo0/],
])('a4 refuses %s, and names it', (_what, more, message) => {
  expect(() => refusePfConflicts({ ...stock, ...more }, 'filter')).toThrow(
    expect.objectContaining({ code: 'ROUTE_FILTER_TAKEN', message: expect.stringMatching(message) }),
  );
});

it('a4 works beside a pf that another program has enabled', () => {
  expect(() =>
    refusePfConflicts({ ...stock, rules: `${stock.rules}anchor "other" all\n` }, 'filter'),
  ).not.toThrow();
});

it('sets address, MTU and routes; what stays outside goes the way it has now', () => {
  expect(ifconfigCalls(plan())).toEqual([
    ['utun7', 'inet', '198.18.4.1', '198.18.4.2', 'netmask', '255.255.255.255'],
    ['utun7', 'mtu', '16384', 'up'],
  ]);
  const way = defaultWay('   route to: default\n    gateway: 192.168.1.1\n  interface: en0\n');
  const none = { gateway: null, device: null };
  expect(routeCalls('add', plan(), { 4: way, 6: none })).toEqual([
    ['-n', 'add', '-inet', '-host', '10.0.0.5', '192.168.1.1'],
    ['-n', 'add', '-inet', '-net', '10.0.0.0/16', '-interface', 'utun7'],
  ]);
});

it('writes a resolver file per name, known again by its first line', () => {
  const files = resolverFiles(plan());
  expect([...files.keys()]).toEqual(['internal', 'db.internal']);
  expect(files.get('internal')).toBe(
    '# sallyport: removed when the tunnel ends\nnameserver 198.18.4.2\nport 53\ntimeout 5\n',
  );
  expect([...files.values()].every(isOurResolverFile)).toBe(true);
  expect(isOurResolverFile('nameserver 10.1.1.1\n')).toBe(false);
});
