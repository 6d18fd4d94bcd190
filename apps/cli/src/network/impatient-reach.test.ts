import { describe, expect, it } from 'vitest';
import type { Duplex } from 'node:stream';
import type { Reach } from '@sallyport/tunnel';
import { impatient } from './impatient-reach.ts';

const web = { address: '10.0.2.60', port: 8080 };
const never = new AbortController().signal;
const stream = {} as Duplex;

/** A way that keeps what it is asked until a session is back. */
function waiting() {
  const asked: AbortSignal[] = [];
  const until = (signal: AbortSignal) => {
    asked.push(signal);
    return new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
  };
  const reach: Reach = {
    carries: new Set(['tcp', 'icmp']),
    openTcp: (_, signal) => until(signal),
    resolve: (_name, _type, signal) => until(signal),
  };
  return { reach, asked };
}

describe('a way into a network on which nobody waits', () => {
  it('refuses at once what comes while no session is there, and carries again when there is', async () => {
    let down = true;
    const reach = impatient({ carries: new Set(['tcp']), openTcp: async () => stream }, () => down);
    await expect(reach.openTcp(web, never)).rejects.toMatchObject({ code: 'REACH_DOWN' });
    down = false;
    expect(await reach.openTcp(web, never)).toBe(stream);
  });

  it('refuses what was asked a moment before the loss was noticed', async () => {
    const { reach, asked } = waiting();
    const hurried = impatient(reach, () => false);
    const open = hurried.openTcp(web, never);
    const name = hurried.resolve?.('prod-db.internal', 'A', never);
    hurried.down();
    await expect(open).rejects.toMatchObject({ code: 'REACH_DOWN' });
    await expect(name).rejects.toMatchObject({ code: 'REACH_DOWN' });
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('leaves the asker its own way to give up, and offers no more than the way has', async () => {
    const { reach } = waiting();
    const hurried = impatient(reach, () => false);
    const gone = new AbortController();
    const open = hurried.openTcp(web, gone.signal);
    gone.abort(new Error('nobody'));
    await expect(open).rejects.toThrow('nobody');
    expect(hurried.echo).toBe(undefined);
    expect(hurried.openUdp).toBe(undefined);
    expect([...hurried.carries]).toEqual(['tcp', 'icmp']);
  });
});
