import { closeSync, fstatSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openPipe } from './descriptor-stream.ts';
import { TunLoop } from './tun-loop.ts';

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
