/**
 * What is left to gain: two programs in C that copy, one on the laptop and one on the gateway, joined by one connection as client and agent are, without a
 * device, frames, receipts or judging. Debian's socat, with the buffer of Node.
 */
import { addresses, end, listening, ports, type RouteWorld } from './route-world.ts';

const port = 7200;

/** Gbit/s of `measure`, whose address is that of the near program; its port is iperf3's own. */
export async function relayed<T>(world: RouteWorld, measure: (address: string) => Promise<T>): Promise<T> {
  const copy = (from: number, to: string) => [
    ...['-b', '65536', `TCP-LISTEN:${from},fork,reuseaddr,nodelay`],
    `TCP:${to},nodelay`,
  ];
  const options = { stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'] };
  const far = world.gateway.spawn('socat', copy(port, `${addresses.server}:${ports.iperf}`), options);
  const near = world.laptop.spawn('socat', copy(ports.iperf, `${addresses.gateway}:${port}`), options);
  try {
    await listening(world.gateway, far, port);
    await listening(world.laptop, near, ports.iperf);
    return await measure(addresses.laptop);
  } finally {
    await end(near);
    await end(far);
  }
}
