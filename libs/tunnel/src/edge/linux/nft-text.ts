import { addressText, isSingle, networkText, withoutInner, type Network } from '../networks.ts';
import type { Capture, EdgePlan } from '../plan.ts';

/**
 * The nftables table of a set, as one line for an `nft -i` that stays: one line is one transaction, and a table with `flags owner` vanishes
 * with the program that made it. `revision` is an empty counter that the listing shows when the line was taken.
 */
export function tableLine(plan: EdgePlan, revision: number): string {
  return [`add table inet ${plan.slot.filterTable} { flags owner; }`, ...body(plan, revision)].join('; ');
}

/** Replaces everything inside the table in one transaction. */
export function replacingLine(plan: EdgePlan, standing: EdgePlan, revision: number): string {
  const table = plan.slot.filterTable;
  const gone = [
    ...chainsOf(standing).map((chain) => `flush chain inet ${table} ${chain}`),
    ...chainsOf(standing).map((chain) => `delete chain inet ${table} ${chain}`),
    ...setsOf(standing).map(
      ({ name }) => `delete ${name.endsWith('_map') ? 'map' : 'set'} inet ${table} ${name}`,
    ),
    `delete counter inet ${table} revision_${revision - 1}`,
  ];
  return [...gone, ...body(plan, revision)].join('; ');
}

function body(plan: EdgePlan, revision: number): string[] {
  const table = plan.slot.filterTable;
  return [
    `add counter inet ${table} revision_${revision}`,
    ...setsOf(plan).map(({ name, type, elements }) => {
      const kind = name.endsWith('_map') ? 'map' : 'set';
      const interval = kind === 'set' ? ' flags interval; auto-merge;' : '';
      const content = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
      return `add ${kind} inet ${table} ${name} { type ${type};${interval}${content} }`;
    }),
    ...(plan.via === 'tun' ? deviceRules(plan) : captureRules(plan)),
  ];
}

const chainsOf = ({ via }: EdgePlan) => (via === 'tun' ? ['out', 'in', 'through'] : ['catch', 'out']);

interface NftSet {
  readonly name: string;
  readonly type: string;
  readonly elements: readonly string[];
}

function setsOf(plan: EdgePlan): NftSet[] {
  const responders = [plan.responder4, plan.responder6].filter((one) => one !== null);
  const inside = withoutInner([...plan.routes, ...responders]);
  const sets: NftSet[] = [];
  for (const version of [4, 6] as const) {
    const type = version === 4 ? 'ipv4_addr' : 'ipv6_addr';
    const of = (networks: readonly Network[]) =>
      networks.filter((network) => network.version === version).map(networkText);
    sets.push({ name: `inside${version}`, type, elements: of(inside) });
    if (plan.via === 'tun') continue;
    sets.push({ name: `outside${version}`, type, elements: of(withoutInner(plan.excluded)) });
    for (const proto of ['tcp', 'udp'] as const) {
      const elements = plan.captures
        .filter((capture) => isExact(capture) && capture.proto === proto && capture.to.version === version)
        .map(
          ({ to, ports, listener }) =>
            `${addressText(to)} . ${ports[0]} : ${loopback(version)} . ${listener}`,
        );
      const pair = `${type} . inet_service`;
      sets.push({
        name: `${proto}${version}_map`,
        type: `${pair} : ${pair}`,
        elements: [...new Set(elements)],
      });
    }
  }
  return sets;
}

const isExact = ({ to, ports }: Capture) => isSingle(to) && ports[0] === ports[1];
const loopback = (version: 4 | 6) => (version === 4 ? '127.0.0.1' : '::1');

const prohibited = 'counter reject with icmpx type admin-prohibited';

/**
 * With a device: only the owner's programs send into it (whoever binds to the device or to its address, too), only granted addresses come out
 * of it, only to the device's own address, and nothing is forwarded through it.
 */
function deviceRules({
  slot,
  uid,
  address4,
  address6,
  responder4,
  responder6,
  resolverUid,
}: EdgePlan): string[] {
  const { filterTable: table, device } = slot;
  const chain = (name: string, hook: string) =>
    `add chain inet ${table} ${name} { type filter hook ${hook} priority -10; policy accept; }`;
  const out = `add rule inet ${table} out oifname "${device}"`;
  const back = `add rule inet ${table} in iifname "${device}"`;
  const asks = (responder: Network | null, ip: string) =>
    responder === null || resolverUid === null
      ? []
      : [`${out} meta skuid ${resolverUid} ${ip} daddr ${addressText(responder)} th dport 53 accept`];
  const into = (address: Network | null, ip: string) =>
    address === null ? [] : [`${back} ${ip} daddr != ${addressText(address)} counter drop`];
  return [
    chain('out', 'output'),
    ...asks(responder4, 'ip'),
    ...asks(responder6, 'ip6'),
    `${out} meta skuid != ${uid} ${prohibited}`,
    chain('in', 'input'),
    `${back} ip saddr != @inside4 counter drop`,
    `${back} ip6 saddr != @inside6 counter drop`,
    ...into(address4, 'ip'),
    ...into(address6, 'ip6'),
    chain('through', 'forward'),
    `add rule inet ${table} through iifname "${device}" counter drop`,
    `add rule inet ${table} through oifname "${device}" ${prohibited}`,
  ];
}

/**
 * Without a device: the owner's conversations with granted addresses and ports go to listeners on loopback; everything else to these
 * networks is rejected, so that `connect()` tells the truth; nobody else may dial the listeners.
 */
function captureRules({ slot, uid, captures }: EdgePlan): string[] {
  const table = slot.filterTable;
  const rule = (chain: string, text: string) => `add rule inet ${table} ${chain} ${text}`;
  const caught: string[] = [];
  const refused: string[] = [];
  for (const [version, ip] of [
    [4, 'ip'],
    [6, 'ip6'],
  ] as const) {
    caught.push(rule('catch', `${ip} daddr @outside${version} accept`));
    for (const proto of ['tcp', 'udp'] as const)
      caught.push(
        rule(
          'catch',
          `meta skuid ${uid} meta l4proto ${proto} dnat ${ip} to ${ip} daddr . ${proto} dport map @${proto}${version}_map`,
        ),
      );
    for (const { to, ports, proto, listener } of captures.filter(
      (one) => !isExact(one) && one.to.version === version,
    ))
      caught.push(
        rule(
          'catch',
          `meta skuid ${uid} ${ip} daddr ${networkText(to)} ${proto} dport ${ports[0]}-${ports[1]} counter dnat ${ip} to ${version === 4 ? '127.0.0.1' : '[::1]'}:${listener}`,
        ),
      );
    const blocked = `meta skuid ${uid} ${ip} daddr @inside${version} ${ip} daddr != @outside${version}`;
    refused.push(rule('out', `${blocked} meta l4proto tcp counter reject with tcp reset`));
    refused.push(rule('out', `${blocked} ${prohibited}`));
  }
  for (const proto of ['tcp', 'udp'] as const) {
    const listeners = [
      ...new Set(captures.filter((one) => one.proto === proto).map(({ listener }) => listener)),
    ];
    if (listeners.length > 0)
      refused.push(
        rule(
          'out',
          `oifname "lo" meta skuid != { 0, ${uid} } ${proto} dport { ${listeners.join(', ')} } ${prohibited}`,
        ),
      );
  }
  return [
    `add chain inet ${table} catch { type nat hook output priority -100; policy accept; }`,
    ...caught,
    `add chain inet ${table} out { type filter hook output priority -10; policy accept; }`,
    ...refused,
  ];
}
