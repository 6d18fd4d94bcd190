import { closeSync, fstatSync, openSync } from 'node:fs';
import { systemEffects } from '@sallyport/effects/system';
import { expect, it, onTestFinished } from 'vitest';
import { directReach } from '../testing/index.ts';
import { startRouter } from './router.ts';
import { TunLoop } from '../edge/tun-loop.ts';

it('closes the descriptor that it was given when it does not come about', async () => {
  const fd = openSync('/dev/null', 'r+');
  const routes = [{ cidr: '10.20.0.0/99', ports: [], proto: 'ip' as const }];
  const device = { fd, name: 'tun0', framing: 'vnet' as const, addresses: ['127.0.0.1'] };
  const reach = directReach({ carries: ['tcp'], addresses: {} });
  await expect(startRouter({ device, routes, reach, effects: systemEffects() })).rejects.toThrow(TypeError);
  expect(() => fstatSync(fd)).toThrow('EBADF');
});

it('does not let the event loop wait for a descriptor over which it would end the process', () => {
  const fd = openSync('/dev/null', 'r+');
  onTestFinished(() => closeSync(fd));
  const loop = TunLoop.start({
    device: { fd, name: 'tun0', framing: 'plain', addresses: [] },
    filter: { sources: [], rules: [], carries: [] },
    listenPorts: { 4: [], 6: [] },
    ...{ flowsMax: 8, heldMax: 8 },
    packet: () => undefined,
    removed: () => undefined,
    ended: () => undefined,
  });
  expect(loop).toBeUndefined();
});
