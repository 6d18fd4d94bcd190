import { expect, it } from 'vitest';
import { simulatedEffects } from './index.ts';

it('fires timers in order of time and lets the clock stand at each', () => {
  const { time } = simulatedEffects({ startMs: 0 });
  const seen: string[] = [];
  time.after(20, () => seen.push(`b@${time.now()}`));
  time.after(10, () => seen.push(`a@${time.now()}`));
  time.every(15, () => seen.push(`e@${time.now()}`));
  time.advance(30);
  expect(seen).toEqual(['a@10', 'e@15', 'b@20', 'e@30']);
  expect(time.now()).toBe(30);
});

it('gives the same chance for the same seed and another for another', () => {
  const draw = (seed: number) => simulatedEffects({ seed }).ids.make('grt');
  expect(draw(7)).toBe(draw(7));
  expect(draw(7)).not.toBe(draw(8));
  expect(draw(7)).toMatch(/^grt_[0-9A-HJKMNP-TV-Z]{26}$/);
});

it('rejects a wait whose signal aborts and forgets its timer', async () => {
  const { time } = simulatedEffects();
  const stop = new AbortController();
  const wait = time.wait(1000, stop.signal);
  stop.abort(new Error('gone'));
  await expect(wait).rejects.toThrow('gone');
  expect(time.pending).toBe(0);
});
