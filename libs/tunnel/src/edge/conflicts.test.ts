import { expect, it } from 'vitest';
import { refuseConflicts, routesOf, routesOfNetstat } from './conflicts.ts';
import { network } from './networks.ts';

const linux = routesOf(
  JSON.stringify([
    { dst: 'default', gateway: '192.168.1.1', dev: 'wlan0' },
    { dst: '192.168.1.0/24', dev: 'wlan0', protocol: 'kernel', scope: 'link' },
    { dst: '172.17.0.0/16', dev: 'docker0', protocol: 'kernel' },
    { dst: '10.8.0.0/16', dev: 'wg0', table: '51820' },
    { dst: '0.0.0.0/1', gateway: '10.9.0.1', dev: 'tun0' },
    { type: 'local', dst: '10.200.0.1', dev: 'eth9', table: 'local' },
    { dst: '10.40.0.9', gateway: '192.168.1.1', dev: 'wlan0' },
  ]),
  4,
);
const mac = routesOfNetstat(
  `Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.1.1        UGScg                 en0
10.8/16            10.8.0.1           UGSc                utun4
127                127.0.0.1          UCS                   lo0
192.168.1          link#6             UCS                   en0      !
192.168.1.1        aa:bb:cc:dd:ee:ff  UHLWIir               en0   1163`,
  4,
);

it.each([
  [
    '192.168.0.0/16',
    linux,
    /192\.168\.0\.0\/16 was asked for, and 192\.168\.1\.0\/24 dev wlan0 \(the local network\)/,
  ],
  ['172.17.5.0/24', linux, /172\.17\.0\.0\/16 dev docker0 \(containers or virtual machines\)/],
  ['10.0.0.0/8', linux, /10\.8\.0\.0\/16 dev wg0 table 51820 \(a VPN\)/],
  ['10.8.1.0/24', mac, /10\.8\.0\.0\/16 via 10\.8\.0\.1 dev utun4 \(a VPN\)/],
  ['192.168.1.128/25', mac, /192\.168\.1\.0\/24 dev en0 \(the local network\)/],
])('d6 refuses %s and shows both routes', (wanted, existing, message) => {
  expect(() => refuseConflicts([network(wanted)], existing, [])).toThrow(
    expect.objectContaining({ code: 'ROUTE_CONFLICT', message: expect.stringMatching(message) }),
  );
});

it('finds nothing wrong with the default route, its halves, and addresses of this machine', () => {
  expect(() => refuseConflicts([network('10.200.0.0/16')], linux, [])).not.toThrow();
  expect(() => refuseConflicts([network('10.0.0.0/16')], mac, [])).not.toThrow();
});

it('leaves alone a route to an address that stays outside anyway', () => {
  const wanted = [network('10.40.0.0/16')];
  expect(() => refuseConflicts(wanted, linux, [])).toThrow(
    expect.objectContaining({ code: 'ROUTE_CONFLICT' }),
  );
  expect(() => refuseConflicts(wanted, linux, [network('10.40.0.9/32')])).not.toThrow();
});
