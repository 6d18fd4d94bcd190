import { expect, it } from 'vitest';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { endInTime } from './end-in-time.ts';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

function aProcess() {
  const effects = simulatedEffects();
  const ended: number[] = [];
  const listeners = new Set<(signal: Signal) => void>();
  const onSignal = (listener: (signal: Signal) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const stop = endInTime({ effects, onSignal, endNow: (code) => void ended.push(code) });
  return {
    ended,
    stop,
    time: effects.time,
    signal: (name: Signal) => listeners.forEach((tell) => tell(name)),
  };
}

it('gives an orderly end 3 s, and no more', () => {
  const { ended, signal, time } = aProcess();
  signal('SIGTERM');
  time.advance(2_999);
  expect(ended).toEqual([]);
  time.advance(1);
  expect(ended).toEqual([130]);
});

it('ends at once at the second signal', () => {
  const { ended, signal } = aProcess();
  signal('SIGINT');
  expect(ended).toEqual([]);
  signal('SIGINT');
  expect(ended).toEqual([130]);
});

it('leaves a process alone that ended in order', () => {
  const { ended, signal, stop, time } = aProcess();
  signal('SIGHUP');
  stop();
  time.advance(10_000);
  expect(ended).toEqual([]);
});
