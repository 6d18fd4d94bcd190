import { addressText, networkText, type Network } from '../networks.ts';
import { routeProtocol, type EdgePlan, type Slot } from '../plan.ts';

/**
 * Lines for `ip -batch -`. The set has a routing table of its own, which only the owner's programs look into: by `uidrange` before the main
 * table, so that no other route of the machine is touched. What must stay outside is a `throw` there: the next rule decides.
 */
export function deviceLines({ slot, mtu, address4, address6 }: EdgePlan): string[] {
  const { device } = slot;
  return [
    `link set dev ${device} mtu ${mtu}`,
    // The kernel's own router solicitations and group reports have no business in a tunnel.
    `link set dev ${device} addrgenmode none`,
    ...(address4 === null ? [] : [`addr add ${networkText(address4)} dev ${device}`]),
    ...(address6 === null ? [] : [`addr add ${networkText(address6)} dev ${device} nodad`]),
    `link set dev ${device} up`,
  ];
}

/** Routes of the set's own table, without verb: what stands is compared with what is wanted line by line. */
export function routeLines(plan: EdgePlan): string[] {
  const { slot, routes, excluded, responder4, responder6 } = plan;
  const responders = [responder4, responder6].filter((one) => one !== null);
  const ours = `table ${slot.table} proto ${routeProtocol}`;
  return [
    ...excluded.map((address) => `${family(address)}route|throw ${networkText(address)} ${ours}`),
    ...[...responders, ...routes].map(
      (to) => `${family(to)}route|${networkText(to)} ${target(plan, to)} ${ours}`,
    ),
  ];
}

/**
 * How the kernel sends over the device: the router, one copy away, ends every connection, so that none meets a loss or a queue of others. A host's own choice for the
 * network, BBR above all, would measure and pace what needs neither. Every kernel has `reno`.
 */
export const overTheDevice = 'congctl reno';

/** By filter the packets go to loopback, where the filter catches them; whatever it does not want it rejects there. */
function target({ via, slot, address4, address6 }: EdgePlan, { version }: Network): string {
  if (via === 'filter') return `dev lo src ${version === 4 ? '127.0.0.1' : '::1'}`;
  const source = version === 4 ? address4 : address6;
  return `dev ${slot.device}${source === null ? '' : ` src ${addressText(source)}`} ${overTheDevice}`;
}

/**
 * Rules of the set, without verb. `iif lo`: only packets of this machine, never forwarded ones. The second rule is for packets that the kernel
 * sends for nobody (resets, the last acknowledgement of a closed connection): they carry the device's address and count as root's; it
 * also makes the check of the reverse path find the device.
 */
export function ruleLines(plan: EdgePlan): string[] {
  const { slot, uid, address4, address6, responder4, responder6, resolverUid } = plan;
  const of = (version: 4 | 6) => (version === 4 ? '-4 ' : '-6 ');
  const tail = (offset: number) =>
    `lookup ${slot.table} pref ${slot.preference + offset} protocol ${routeProtocol}`;
  const lines: string[] = [];
  for (const version of [4, 6] as const) {
    if (!usesFamily(plan, version)) continue;
    lines.push(`${of(version)}rule|iif lo uidrange ${uid}-${uid} ${tail(0)}`);
    const address = version === 4 ? address4 : address6;
    if (address !== null)
      lines.push(`${of(version)}rule|from ${networkText(address)} iif lo uidrange 0-0 ${tail(1)}`);
    const responder = version === 4 ? responder4 : responder6;
    if (responder !== null && resolverUid !== null)
      lines.push(
        `${of(version)}rule|to ${networkText(responder)} iif lo uidrange ${resolverUid}-${resolverUid} ${tail(2)}`,
      );
  }
  return lines;
}

function usesFamily({ routes, responder4, responder6 }: EdgePlan, version: 4 | 6): boolean {
  return (
    routes.some((network) => network.version === version) ||
    (version === 4 ? responder4 : responder6) !== null
  );
}

const family = (network: Network) => (network.version === 4 ? '-4 ' : '-6 ');

/** `-4 route|10.0.0.0/8 dev ...` and a verb make the line for `ip`. */
export function withVerb(line: string, verb: 'add' | 'del'): string {
  return line.replace('|', ` ${verb} `);
}

/** What is to be done so that `standing` becomes `wanted`: first add, then take away, so that no packet meanwhile goes astray. */
export function difference(standing: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...wanted.filter((line) => !standing.includes(line)).map((line) => withVerb(line, 'add')),
    ...standing.filter((line) => !wanted.includes(line)).map((line) => withVerb(line, 'del')),
  ];
}

/** Everything of a slot away, whatever of it exists: each line may fail alone (`ip -force`). */
export function sweepLines({ device, table, preference }: Slot): string[] {
  const lines: string[] = [];
  for (const family of ['-4', '-6']) {
    for (let offset = 0; offset < 3; offset += 1)
      lines.push(`${family} rule del pref ${preference + offset} lookup ${table}`);
    lines.push(`${family} route flush table ${table}`);
  }
  lines.push(`link del dev ${device}`);
  return lines;
}
