import { expect, it } from 'vitest';
import { network } from '../networks.ts';
import { slot, type EdgePlan } from '../plan.ts';
import { difference, routeLines, ruleLines, sweepLines } from './ip-lines.ts';
import { replacingLine, tableLine } from './nft-text.ts';
import { resolvedCalls } from './resolved.ts';

const plan = (more: Partial<EdgePlan> = {}): EdgePlan => ({
  slot: slot(1),
  via: 'tun',
  uid: 1000,
  mtu: 65_535,
  framing: 'plain',
  address4: network('198.18.4.1'),
  address6: null,
  responder4: network('198.18.4.2'),
  responder6: null,
  routes: [network('10.0.0.0/16')],
  excluded: [network('10.0.0.5')],
  captures: [],
  names: [],
  suffixes: ['internal', 'db.example'],
  resolverUid: 991,
  ...more,
});

it('routes for one user, by a table of its own', () => {
  expect(routeLines(plan())).toEqual([
    '-4 route|throw 10.0.0.5/32 table 54101 proto 119',
    '-4 route|198.18.4.2/32 dev sally1 src 198.18.4.1 congctl reno table 54101 proto 119',
    '-4 route|10.0.0.0/16 dev sally1 src 198.18.4.1 congctl reno table 54101 proto 119',
  ]);
  expect(ruleLines(plan())).toEqual([
    '-4 rule|iif lo uidrange 1000-1000 lookup 54101 pref 4404 protocol 119',
    '-4 rule|from 198.18.4.1/32 iif lo uidrange 0-0 lookup 54101 pref 4405 protocol 119',
    '-4 rule|to 198.18.4.2/32 iif lo uidrange 991-991 lookup 54101 pref 4406 protocol 119',
  ]);
});

it('changes only the difference, adding before taking away', () => {
  const wider = plan({ routes: [network('10.1.0.0/16')] });
  expect(difference(routeLines(plan()), routeLines(wider))).toEqual([
    '-4 route add 10.1.0.0/16 dev sally1 src 198.18.4.1 congctl reno table 54101 proto 119',
    '-4 route del 10.0.0.0/16 dev sally1 src 198.18.4.1 congctl reno table 54101 proto 119',
  ]);
});

it('sweeps a slot by names and numbers that are ours alone', () => {
  const lines = sweepLines(slot(1));
  expect(lines).toContain('link del dev sally1');
  expect(
    lines.filter((line) => line.includes('rule del')).every((line) => line.endsWith('lookup 54101')),
  ).toBe(true);
});

it('keeps a table of nftables in one transaction, and replaces it in one', () => {
  expect(tableLine(plan(), 0)).not.toContain('\n');
  expect(tableLine(plan(), 0)).toMatch(/^add table inet sallyport_1 \{ flags owner; \}; /);
  const replaced = replacingLine(plan({ uid: 1000, routes: [] }), plan(), 1);
  expect(replaced.indexOf('delete set inet sallyport_1 inside4')).toBeLessThan(
    replaced.indexOf('add set inet sallyport_1 inside4'),
  );
  expect(replaced).toContain(
    'delete counter inet sallyport_1 revision_0; add counter inet sallyport_1 revision_1',
  );
});

it('d10 gives systemd-resolved the listed suffixes for the device, and nothing else', () => {
  expect(resolvedCalls(plan())).toEqual([
    ['dns', 'sally1', '198.18.4.2'],
    ['domain', 'sally1', '~internal', '~db.example'],
    ['default-route', 'sally1', 'no'],
    ['flush-caches'],
  ]);
  expect(resolvedCalls(plan({ suffixes: [] }))).toEqual([['revert', 'sally1']]);
});
