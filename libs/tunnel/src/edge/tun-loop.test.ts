import { closeSync, fstatSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openPipe } from './descriptor-stream.ts';
import { TunLoop } from './tun-loop.ts';

/** How many descriptors this process holds. */
const held = () => readdirSync('/proc/self/fd').length;

it.runIf(process.platform === 'linux').each([
  // Before the loop has the pipe, and after it.
  ['there is no memory for its flows', { flowsMax: -1 }],
  ['the device is closed under it', { framing: 'closes' }],
])(
  'leaves nothing open when it cannot start because %s',
  (_why, { framing, ...over }: { framing?: string; flowsMax?: number }) => {
    const { reading, writing } = openPipe();
    const before = held();
    const device = { fd: reading, name: 'gone', addresses: [] };
    const start = () =>
      TunLoop.start({
        device: {
          ...device,
          get framing() {
            if (framing === 'closes') closeSync(reading);
            return 'plain' as const;
          },
        },
        filter: { sources: [], rules: [], carries: [] },
        listenPorts: { 4: [], 6: [] },
        ...{ flowsMax: 8, heldMax: 8, ...over },
        packet: () => undefined,
        removed: () => undefined,
        ended: () => undefined,
      });
    expect(start).toThrow();
    expect(held()).toBe(framing === 'closes' ? before - 1 : before);
    for (const fd of framing === 'closes' ? [writing] : [reading, writing]) closeSync(fd);
  },
);

it.runIf(process.platform === 'linux')(
  'is closed as well when its device was taken away before, and tells of that once',
  async () => {
    const { reading, writing } = openPipe();
    const told: string[] = [];
    const gone = Promise.withResolvers<void>();
    const loop = TunLoop.start({
      device: { fd: reading, name: 'gone', framing: 'plain', addresses: [] },
      filter: { sources: [], rules: [], carries: [] },
      listenPorts: { 4: [], 6: [] },
      ...{ flowsMax: 8, heldMax: 8 },
      packet: () => undefined,
      removed: () => undefined,
      ended: (reason) => {
        told.push(reason);
        gone.resolve();
      },
    });
    // Nothing can come from it any more, as from a device that is no more.
    closeSync(writing);
    await gone.promise;
    await new Promise((resolve) => setImmediate(resolve));
    await loop?.close();
    expect(told).toEqual(['the device is closed']);
    expect(() => fstatSync(reading)).toThrow('EBADF');
  },
  30_000,
);
