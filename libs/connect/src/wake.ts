import { readFileSync } from 'node:fs';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Clock, Timers } from '@sallyport/effects';
import type { TunnelPorts } from './tunnel-options.ts';

/** The ways out of this machine that are taken where no other route fits, as one comparable text. */
type DefaultWays = () => string;
type Interfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

const lookEveryMs = 2_000;
/** A busy machine is late by less; a ping too many does no harm. */
const lateByMs = 3_000;

/**
 * Notices sleep and changes of network within one look (2 s). Node tells of neither. Asleep, the wall clock goes on while the monotonic clock stands (Linux,
 * macOS) or both go on while timers stand (Windows): so whichever went further than the look was apart tells.
 */
export function systemWake(
  { clock, timers }: { clock: Clock; timers: Timers },
  interfaces: Interfaces = networkInterfaces,
  defaultWays: DefaultWays = linuxDefaultWays,
): NonNullable<TunnelPorts['onWake']> {
  return (listener) => {
    let wall = clock.now();
    let monotonic = clock.monotonic();
    let network = networkOf(interfaces, defaultWays);
    const look = () => {
      const [wallBefore, monotonicBefore, networkBefore] = [wall, monotonic, network];
      wall = clock.now();
      monotonic = clock.monotonic();
      const late = Math.max(wall - wallBefore, monotonic - monotonicBefore) - lookEveryMs;
      if (late > lateByMs) listener({ what: 'woke', byMs: late });
      network = networkOf(interfaces, defaultWays) ?? networkBefore;
      if (networkBefore !== undefined && network !== networkBefore) listener({ what: 'networkChanged' });
    };
    const timer = timers.every(lookEveryMs, look);
    return () => timers.cancel(timer);
  };
}

/**
 * The devices that tunnels of ours come and go with: no change of the network that they are carried by. Linux names them; macOS numbers everybody's, and ours are known by the
 * benchmarking range (RFC 2544), of which the helper takes the first host of each /30 (the device of a virtual address has another range, and is taken for a change there).
 */
const ofTunnels = (name: string, found: readonly NetworkInterfaceInfo[]) =>
  /^sally\d+$/u.test(name) ||
  (/^utun\d+$/u.test(name) && found.some(({ address }) => isDeviceAddress(address)));

function isDeviceAddress(address: string): boolean {
  const [first, second, , last] = address.split('.').map(Number);
  return first === 198 && (second === 18 || second === 19) && last !== undefined && last % 4 === 1;
}

/**
 * The machine's own addresses and its ways out as one comparable text, without the devices of tunnels; undefined where the system does not tell. A way may change while all
 * addresses stay: a cable beside Wi-Fi whose router has gone.
 */
function networkOf(interfaces: Interfaces, defaultWays: DefaultWays): string | undefined {
  try {
    const addresses = Object.entries(interfaces())
      .filter(([name, found = []]) => !ofTunnels(name, found))
      .flatMap(([name, found = []]) =>
        found
          .filter(({ internal }) => !internal)
          .map(({ address, netmask }) => `${name} ${address} ${netmask}`),
      )
      .sort();
    return [...addresses, defaultWays()].join('\n');
  } catch {
    // Some closed environments forbid the question; then only sleep is noticed.
    return undefined;
  }
}

/** Linux lists its routes in files (interface, next hop, metric of those that fit everything); other systems do not, and there addresses alone tell. */
function linuxDefaultWays(): string {
  const ways4 = linesOf('/proc/net/route')
    .filter(([, to, , , , , , mask]) => Number(to) === 0 && Number(mask) === 0)
    .map(([device, , gateway, , , , metric]) => [device, gateway, metric]);
  const ways6 = linesOf('/proc/net/ipv6_route')
    .filter(([to = '', prefix]) => /^0+$/u.test(to) && prefix === '00')
    .map(([, , , , nextHop, metric, , , , device]) => [device, nextHop, metric]);
  return [...ways4, ...ways6].map((way) => way.join(' ')).join('\n');
}

function linesOf(file: string): string[][] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/u));
  } catch {
    // Not Linux, or a kernel without that family.
    return [];
  }
}
