import { Problem } from '@sallyport/problems';
import { addressText, networkText, type Network } from '../networks.ts';
import type { EdgePlan } from '../plan.ts';

/** The stock rules of macOS evaluate `com.apple/*` and no other anchor: a sibling would load, be listed, and never be asked. */
export const pfAnchor = (number: number) => `com.apple/sallyport.${number}`;

/**
 * Rules for `pfctl -a ANCHOR -f -`. By filter: what the owner sends to granted networks is turned to lo0, and there to listeners on loopback
 * (translation never sees packets of this machine itself, hence the detour); the rest of these networks is refused. With a device: only the
 * owner's TCP and UDP enter it, and only granted addresses come out. Translation rules stand before filter rules, as pf insists.
 */
export function pfRules(plan: EdgePlan): string {
  const lines = plan.via === 'filter' ? captureLines(plan) : deviceLines(plan);
  return lines.map((line) => `${line}\n`).join('');
}

const inet = ({ version }: Network) => (version === 4 ? 'inet' : 'inet6');
const loopback = ({ version }: Network) => (version === 4 ? '127.0.0.1' : '::1');
const range = ([from, to]: readonly [number, number]) => (from === to ? `${from}` : `${from}:${to}`);

function captureLines({ uid, captures, excluded, routes, responder4, responder6 }: EdgePlan): string[] {
  const inside = [...routes, responder4, responder6].filter((one) => one !== null);
  return [
    ...captures.map(
      ({ to, ports, proto, listener }) =>
        `rdr pass on lo0 ${inet(to)} proto ${proto} from ! ${loopback(to)} to ${networkText(to)} port ${range(ports)} -> ${loopback(to)} port ${listener}`,
    ),
    ...excluded.map((one) => `pass out quick ${inet(one)} from any to ${addressText(one)}`),
    ...captures.map(
      ({ to, ports, proto }) =>
        `pass out quick route-to lo0 ${inet(to)} proto ${proto} from any to ${networkText(to)} port ${range(ports)} user ${uid} keep state`,
    ),
    ...inside.map(
      (one) =>
        `block return out quick ${inet(one)} proto { tcp udp } from any to ${networkText(one)} user ${uid}`,
    ),
  ];
}

function deviceLines({
  slot: { device },
  uid,
  routes,
  responder4,
  responder6,
  address4,
  address6,
}: EdgePlan): string[] {
  const inside = [...routes, responder4, responder6].filter((one) => one !== null);
  const own = (one: Network) => (one.version === 4 ? address4 : address6);
  return [
    // The system's own resolver asks the responder on behalf of everybody.
    ...[responder4, responder6]
      .filter((one) => one !== null)
      .map(
        (one) =>
          `pass out quick on ${device} ${inet(one)} proto { tcp udp } from any to ${addressText(one)} port 53 keep state`,
      ),
    `block return out quick on ${device} proto { tcp udp } from any to any user != ${uid}`,
    ...inside.flatMap((one) => {
      const address = own(one);
      return address === null
        ? []
        : [
            `pass in quick on ${device} ${inet(one)} from ${networkText(one)} to ${addressText(address)} keep state`,
          ];
    }),
    `block drop in quick on ${device} all`,
  ];
}

/** The token that `pfctl -E` prints on standard error; it is given back with `-X TOKEN`, so that nobody else's pf is switched off. */
export function pfToken(stderr: string): string | null {
  return /^Token\s*:\s*(\d+)\s*$/m.exec(stderr)?.[1] ?? null;
}

/** What of pf is asked before anything is loaded: `pfctl -sr`, `-sn` and `-v -s Interfaces -i lo0`. */
export interface PfState {
  readonly rules: string;
  readonly translation: string;
  readonly loopback: string;
}

/**
 * Refuses where our anchor would load and yet never be asked: another program (a VPN, a firewall) has replaced the main rules, or loopback is
 * skipped, which undoes the detour. @throws Problem ROUTE_FILTER_TAKEN naming what stands in the way.
 */
export function refusePfConflicts(
  { rules, translation, loopback: lo0 }: PfState,
  via: EdgePlan['via'],
): void {
  const first = (text: string) => text.split('\n').find((line) => line.trim() !== '') ?? 'no rule at all';
  const taken = (what: string) => new Problem('ROUTE_FILTER_TAKEN', { detail: what });
  if (!/^anchor "com\.apple\/\*"/m.test(rules))
    throw taken(
      `The main rules of pf do not hold anchor "com.apple/*": another program replaced them (now: ${first(rules)}).`,
    );
  if (via === 'tun') return;
  if (!/^rdr-anchor "com\.apple\/\*"/m.test(translation))
    throw taken(`The main rules of pf do not hold rdr-anchor "com.apple/*" (now: ${first(translation)}).`);
  if (/^lo0 .*\bskip\b/m.test(lo0))
    throw taken('pf skips lo0 (`set skip on lo0`), where tunnels take packets in.');
}
