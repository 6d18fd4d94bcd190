import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { Clock, Timers } from '@sallyport/effects';
import type { TunnelPorts } from './tunnel-options.ts';

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
): NonNullable<TunnelPorts['onWake']> {
  return (listener) => {
    let wall = clock.now();
    let monotonic = clock.monotonic();
    let addresses = addressesOf(interfaces);
    const look = () => {
      const [wallBefore, monotonicBefore, addressesBefore] = [wall, monotonic, addresses];
      wall = clock.now();
      monotonic = clock.monotonic();
      const late = Math.max(wall - wallBefore, monotonic - monotonicBefore) - lookEveryMs;
      if (late > lateByMs) listener({ what: 'woke', byMs: late });
      addresses = addressesOf(interfaces) ?? addressesBefore;
      if (addressesBefore !== undefined && addresses !== addressesBefore)
        listener({ what: 'networkChanged' });
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

/** The machine's own addresses as one comparable text, without those of tunnels; undefined where the system does not tell. */
function addressesOf(interfaces: Interfaces): string | undefined {
  try {
    return Object.entries(interfaces())
      .filter(([name, found = []]) => !ofTunnels(name, found))
      .flatMap(([name, found = []]) =>
        found
          .filter(({ internal }) => !internal)
          .map(({ address, netmask }) => `${name} ${address} ${netmask}`),
      )
      .sort()
      .join('\n');
  } catch {
    // Some closed environments forbid the question; then only sleep is noticed.
    return undefined;
  }
}
