/**
 * Runs in a namespace: the router of a packet filter, and the rules that send granted traffic to it, in a table that goes with this process's `nft`.
 * Its settings are the first argument (JSON); a line on standard input asks for the counters.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemEffects } from '@sallyport/effects/system';
import { startFilterRouter } from '../src/edge/index.ts';
import { directReach, type DirectReachSettings } from '../src/testing/index.ts';
import type { NameSettings, Route } from '../src/index.ts';

const settings = JSON.parse(process.argv[2] ?? '') as {
  readonly routes: readonly Route[];
  readonly reach: DirectReachSettings;
  readonly names: NameSettings;
};
const router = await startFilterRouter({
  routes: settings.routes,
  reach: directReach(settings.reach),
  names: settings.names,
  effects: systemEffects(),
});
const rule = (cidr: string, proto: string, from: number, to: number, port: number) =>
  cidr.includes(':')
    ? `ip6 daddr ${cidr} ${proto} dport ${from}-${to} dnat ip6 to [::1]:${port}`
    : `ip daddr ${cidr} ${proto} dport ${from}-${to} dnat ip to 127.0.0.1:${port}`;
const lines = [
  ...['tcp', 'udp'].map((proto) => rule(settings.names.responder, proto, 53, 53, router.namesPort ?? 0)),
  ...router.listeners.flatMap(({ cidr, ports, proto, to }) =>
    ports.map(([from, last]) => rule(cidr, proto, from, last, to)),
  ),
];
const nft = spawn('nft', ['-i'], { stdio: ['pipe', 'ignore', 'inherit'] });
nft.stdin.write('add table inet sp { flags owner; }\n');
nft.stdin.write('add chain inet sp out { type nat hook output priority -100; policy accept; }\n');
for (const line of lines) nft.stdin.write(`add rule inet sp out ${line}\n`);
console.log(JSON.stringify({ event: 'ready', listeners: router.listeners.length }));
for await (const line of createInterface({ input: process.stdin })) {
  if ((JSON.parse(line) as { what: string }).what === 'close') await router.close();
  console.log(JSON.stringify(router.counters()));
}
