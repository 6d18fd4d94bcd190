import type { CastEvent } from '@sallyport/recording';
import { describe, expect, it } from 'vitest';
import type { Cast } from './read-recording.ts';
import { Replay } from './replay.ts';
import type { Shown } from './terminal-screen.ts';
import { countShown, playTime, timesOf } from './timeline.ts';

const output = (atMs: number, text: string): CastEvent => ({
  ...{ atMs, kind: 'output', text, bytes: new TextEncoder().encode(text) },
});
const castOf = (events: readonly CastEvent[], given: Partial<Cast['head']> = {}): Cast => ({
  ...{ head: { width: 20, height: 3, timestamp: 0, ...given }, events, whole: true, damage: undefined },
});
const textOf = ({ rows }: Shown) =>
  rows.map((runs) =>
    runs
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );
const screenOf = async (replay: Replay, at: number) => {
  replay.seek(at);
  await replay.settled();
  return textOf(replay.state().shown);
};

describe('a replay', () => {
  const story = [output(0, 'a'), output(1_000, 'b\r\n'), output(61_000, '\u001b[31mc'), output(61_500, 'd')];

  it('shows any moment, later and earlier, at the same text', async () => {
    const replay = new Replay(castOf(story));
    expect(await screenOf(replay, 99_999)).toEqual(['ab', 'cd', '']);
    expect(await screenOf(replay, 0)).toEqual(['a', '', '']);
    expect(await screenOf(replay, 1_000)).toEqual(['ab', '', '']);
  });

  it('takes no more memory than a large terminal, whatever size its client told', async () => {
    const resized: CastEvent = { atMs: 5, kind: 'resize', cols: 9_999, rows: 9_998 };
    const replay = new Replay(
      castOf([output(0, 'a'), resized, output(10, 'b')], { width: 9_999, height: 9_998 }),
    );
    expect(replay.state().shown).toMatchObject({ columns: 1_000, rows: { length: 1_000 } });
    expect((await screenOf(replay, 10))[0]).toBe('ab');
    expect(replay.state().shown).toMatchObject({ columns: 1_000, rows: { length: 1_000 } });
  });

  it('plays at its speed, cuts pauses, and stops at its end', async () => {
    const replay = new Replay(castOf(story));
    expect(replay.state().durationMs).toBe(3_500);
    replay.setSpeed(2);
    replay.toggle();
    for (const at of [10, 510, 1_010]) replay.frame(at);
    await replay.settled();
    expect(replay.state()).toMatchObject({ playing: true, positionMs: 2_000 });
    expect(textOf(replay.state().shown)).toEqual(['ab', '', '']);
    for (const at of [1_510, 2_010]) replay.frame(at);
    await replay.settled();
    expect(replay.state()).toMatchObject({ playing: false, positionMs: 3_500 });
    expect(textOf(replay.state().shown)).toEqual(['ab', 'cd', '']);
    replay.setSkipsPauses(false);
    expect(replay.state()).toMatchObject({ positionMs: 61_500, durationMs: 61_500 });
    replay.toggle();
    expect(replay.state()).toMatchObject({ playing: true, positionMs: 0 });
  });

  it('follows the size of the terminal, and a program that took the whole screen', async () => {
    const events: CastEvent[] = [
      output(0, 'shell'),
      { atMs: 10, kind: 'resize', cols: 10, rows: 2 },
      output(20, '\u001b[?1049h\u001b[Hfull'),
      output(30, '\u001b[?1049l'),
    ];
    const replay = new Replay(castOf(events));
    await screenOf(replay, 20);
    expect(replay.state().shown.columns).toBe(10);
    expect(textOf(replay.state().shown)).toEqual(['full', '']);
    expect(await screenOf(replay, 30)).toEqual(['shell', '']);
  });

  it('gives colours, inverse and wide characters their look, and text as it is', async () => {
    const text =
      '\u001b[31mr\u001b[0m \u001b[44mb\u001b[0m \u001b[38;5;196mx\u001b[38;2;1;2;3my\u001b[0m 表 <b>&';
    const replay = new Replay(castOf([output(0, text)]));
    await screenOf(replay, 1);
    const [runs = []] = replay.state().shown.rows;
    const lookOf = (of: string) => runs.find(({ text: each }) => each.trim() === of)?.look;
    expect(lookOf('r')).toEqual({ ink: 'var(--term-1)' });
    expect(lookOf('b')).toEqual({ ink: 'var(--ansi-15)', paper: 'var(--ansi-4)' });
    expect(lookOf('x')).toEqual({ ink: 'rgb(255 0 0)' });
    expect(lookOf('y')).toEqual({ ink: '#010203' });
    expect(lookOf('表')).toEqual({ columns: 2 });
    expect(lookOf('<b>&')).toEqual({});
  });

  it('begins lines anew where there was no terminal', async () => {
    const replay = new Replay(castOf([output(0, 'a\nb')], { env: { TERM: 'dumb' } }));
    expect(await screenOf(replay, 0)).toEqual(['a', 'b', '']);
  });
});

describe('the times of a recording', () => {
  it('never run backwards and have no long pause where those are cut', () => {
    const events = [output(0, 'a'), output(500, 'b'), output(90_000, 'c')];
    expect(timesOf(events)).toEqual([0, 500, 90_000]);
    expect(timesOf(events, 2_000)).toEqual([0, 500, 2_500]);
  });

  it.each([
    [-1, 0],
    [0, 1],
    [499, 1],
    [500, 3],
    [9_999, 4],
  ])('at %i ms %i events are shown', (at, count) => expect(countShown([0, 500, 500, 700], at)).toBe(count));

  it.each([
    [0, '0:00'],
    [7_999, '0:07'],
    [760_000, '12:40'],
    [3_723_000, '1:02:03'],
  ])('%i ms are told as %s', (ms, told) => expect(playTime(ms)).toBe(told));
});
