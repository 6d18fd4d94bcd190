import type { Effects } from '@sallyport/effects';
import type { ControlPlane } from './ports.ts';
import type { Trust } from './trust.ts';

const pauseMs = { first: 1_000, most: 30_000 };
/** A new key signs 600 s after it was published: one look that fails must leave time for others. */
const keysEveryMs = 2 * 60_000;

/** Hears of revoked grants as they are revoked, until `signal` aborts. While the control plane is away, the tokens' end is the bound. */
export async function watchRevocations(
  controlPlane: ControlPlane,
  revoke: (grantIds: readonly string[]) => void,
  { timers, log }: Pick<Effects, 'timers' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  let cursor: number | null = null;
  let pause = pauseMs.first;
  while (!signal.aborted) {
    try {
      const heard = await controlPlane.revocations(cursor, signal);
      revoke(heard.revoked.map(({ grantId }) => grantId));
      // A server that answers at once and says nothing new must not be asked in a tight loop.
      if (heard.revoked.length === 0 && heard.cursor === cursor) await timers.wait(250, signal);
      cursor = heard.cursor;
      pause = pauseMs.first;
    } catch (cause) {
      if (signal.aborted) return;
      log.write('warn', 'revocations cannot be heard', { reason: String(cause) });
      await timers.wait(pause, signal).catch(() => undefined);
      pause = Math.min(pause * 2, pauseMs.most);
    }
  }
}

/** Follows rotations of the signing keys until `signal` aborts. */
export async function watchKeys(
  controlPlane: ControlPlane,
  trust: Trust,
  { timers, log }: Pick<Effects, 'timers' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await trust.followAll(await controlPlane.keySets(signal)))
        log.write('info', 'the signing keys moved on');
    } catch (cause) {
      if (signal.aborted) return;
      log.write('warn', 'a new set of signing keys was not taken', { reason: String(cause) });
    }
    await timers.wait(keysEveryMs, signal).catch(() => undefined);
  }
}
