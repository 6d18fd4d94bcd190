/**
 * Runs in a namespace: a TUN device with a router on it, over a reach that dials by itself. Its settings are the first argument (JSON); each line
 * on standard input asks something, each answer is one line.
 */
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemEffects } from '@sallyport/effects/system';
import { startRouter } from '../src/edge/index.ts';
import { directReach, openTun, type DirectReachSettings } from '../src/testing/index.ts';
import type { NameSettings, Route } from '../src/index.ts';

export interface RouterProcessSettings {
  readonly reading?: 'loop' | 'thread';
  readonly ending?: 'kernel' | 'router';
  readonly framing: 'plain' | 'vnet';
  readonly mtu: number;
  readonly addresses: readonly string[];
  readonly routed: readonly string[];
  readonly routes: readonly Route[];
  readonly reach: DirectReachSettings;
  readonly names?: NameSettings;
}

const settings = JSON.parse(process.argv[2] ?? '') as RouterProcessSettings;
const name = 'tun0';
const ip = (...args: readonly string[]) => execFileSync('ip', args);
const fd = openTun(name, settings.framing);
for (const address of settings.addresses)
  ip('addr', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []));
ip('link', 'set', name, 'mtu', String(settings.mtu), 'txqueuelen', '2000', 'up');
for (const range of settings.routed)
  ip(...(range.includes(':') ? ['-6'] : []), 'route', 'add', range, 'dev', name);
const router = await startRouter({
  device: { fd, name, framing: settings.framing, addresses: settings.addresses },
  reading: settings.reading,
  ending: settings.ending,
  routes: settings.routes,
  reach: directReach(settings.reach),
  names: settings.names,
  effects: systemEffects(),
  debug: (message) => {
    if (process.env['ROUTER_DEBUG']) process.stderr.write(`${message}\n`);
  },
  ended: (reason) => process.stderr.write(`ended: ${reason}\n`),
});
console.log(JSON.stringify({ event: 'ready' }));
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as { what: string; routes?: readonly Route[] };
  if (asked.what === 'change') router.change({ routes: asked.routes ?? [], names: settings.names });
  if (asked.what === 'close') await router.close();
  console.log(JSON.stringify(router.counters()));
  if (asked.what === 'close') break;
}
