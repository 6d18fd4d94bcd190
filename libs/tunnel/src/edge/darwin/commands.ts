import { addressText, networkText, type Network } from '../networks.ts';
import type { EdgePlan } from '../plan.ts';

/** Above it utun is slow or fails; other products settled here as well. */
export const utunMtuMax = 16_384;

/** Arguments of `ifconfig`, one call each. */
export function ifconfigCalls({
  slot: { device },
  mtu,
  address4,
  address6,
  responder4,
}: EdgePlan): string[][] {
  const calls: string[][] = [];
  if (address4 !== null) {
    const own = addressText(address4);
    const peer = responder4 === null ? own : addressText(responder4);
    calls.push([device, 'inet', own, peer, 'netmask', '255.255.255.255']);
  }
  if (address6 !== null) calls.push([device, 'inet6', addressText(address6), 'prefixlen', '128']);
  return [...calls, [device, 'mtu', String(Math.min(mtu, utunMtuMax)), 'up']];
}

/** Where traffic goes today: `gateway` and `interface` of `route -n get default`. */
export interface DefaultWay {
  readonly gateway: string | null;
  readonly device: string | null;
}

export function defaultWay(output: string): DefaultWay {
  const field = (name: string) => new RegExp(`^\\s*${name}: (\\S+)$`, 'm').exec(output)?.[1] ?? null;
  return { gateway: field('gateway'), device: field('interface') };
}

const family = ({ version }: Network) => (version === 4 ? '-inet' : '-inet6');

/**
 * Arguments of `route`: granted networks into the device, excluded addresses by the way they have now. Routes into the device go with it; the
 * others are taken away by the same call with `delete`.
 */
export function routeCalls(
  verb: 'add' | 'delete',
  { slot: { device }, routes, excluded, responder6 }: EdgePlan,
  ways: { readonly 4: DefaultWay; readonly 6: DefaultWay },
): string[][] {
  const outside = excluded.flatMap((one) => {
    const { gateway, device: by } = ways[one.version];
    const way = gateway !== null ? [gateway] : by === null ? null : ['-interface', by];
    return way === null ? [] : [['-n', verb, family(one), '-host', addressText(one), ...way]];
  });
  const into = [...(responder6 === null ? [] : [responder6]), ...routes].map((one) => [
    '-n',
    verb,
    family(one),
    '-net',
    networkText(one),
    '-interface',
    device,
  ]);
  return [...outside, ...into];
}
