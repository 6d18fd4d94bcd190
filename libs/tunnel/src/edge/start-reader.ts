import type { TunReader, TunReaderSettings } from './tun-reader.ts';
import { TunThread } from './tun-worker-thread.ts';

/** Starts to read the device: in the event loop where that is wished and can be done, else in a thread. Throws ROUTE_DEVICE_FAILED when it does not come to that. */
export async function startReader(
  reading: 'loop' | 'thread',
  settings: TunReaderSettings,
): Promise<TunReader> {
  if (reading === 'loop' && process.platform === 'linux') {
    const { TunLoop } = await import('./tun-loop.ts');
    const loop = TunLoop.start(settings);
    if (loop !== undefined) return loop;
  }
  return TunThread.start(settings);
}
