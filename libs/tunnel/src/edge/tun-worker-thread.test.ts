import { once } from 'node:events';
import { openSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { TunThread } from './tun-worker-thread.ts';

it('is closed as well when its device was taken away before, as by a helper that ends first', async () => {
  const gone = Promise.withResolvers<string>();
  const exited = new Promise((resolve) =>
    process.once('worker', (worker: Worker) => resolve(once(worker, 'exit'))),
  );
  const thread = await TunThread.start({
    // Nothing is ever read from it, as from a device that is no more.
    device: { fd: openSync('/dev/null', 'r+'), name: 'gone', framing: 'plain', addresses: [] },
    filter: { sources: [], rules: [], carries: [] },
    listenPorts: { 4: [], 6: [] },
    ...{ flowsMax: 8, heldMax: 8 },
    packet: () => undefined,
    removed: () => undefined,
    ended: gone.resolve,
  });
  expect(await gone.promise).toBe('the device is closed');
  await exited;
  await thread.close();
}, 30_000);
