'use client';
import { FastForward, Pause, Play } from 'lucide-react';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { Button } from '../../design/button.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import type { Cast } from './read-recording.ts';
import { Replay, speeds, type ReplayState, type Speed } from './replay.ts';
import { ScreenView } from './screen-view.tsx';
import { playTime } from './timeline.ts';

const leapMs = 5_000;
/** Of the slider: its end is a step, and the end of the recording lies there. */
const stepMs = 100;
const stepAt = (ms: number) => Math.ceil(ms / stepMs) * stepMs;

/** Plays a recording: screen, play and pause, place, speed; by keyboard as well. */
export function Player({ cast }: { cast: Cast }) {
  const replay = useMemo(() => new Replay(cast), [cast]);
  const state = useSyncExternalStore(replay.subscribe, replay.state, replay.state);
  const { playing, positionMs, shown } = state;
  useEffect(() => {
    if (!playing) return undefined;
    let asked = 0;
    const step = (at: number) => {
      replay.frame(at);
      asked = requestAnimationFrame(step);
    };
    asked = requestAnimationFrame(step);
    return () => cancelAnimationFrame(asked);
  }, [replay, playing]);
  const toggle = () => replay.toggle();
  const faster = (by: 1 | -1) => replay.setSpeed(speeds[speeds.indexOf(state.speed) + by] ?? state.speed);
  useKeys({
    p: toggle,
    ArrowLeft: () => replay.seek(positionMs - leapMs),
    ArrowRight: () => replay.seek(positionMs + leapMs),
    Home: () => replay.seek(0),
    End: () => replay.seek(state.durationMs),
    '<': () => faster(-1),
    '>': () => faster(1),
  });
  return (
    <section aria-label="Replay" className="overflow-hidden rounded-lg border border-line shadow-panel">
      <ScreenView shown={shown} onToggle={toggle} />
      <Controls replay={replay} state={state} />
    </section>
  );
}

function Controls({ replay, state }: { replay: Replay; state: ReplayState }) {
  const { playing, positionMs, durationMs, speed, skipsPauses } = state;
  const [now, whole] = [playTime(positionMs), playTime(durationMs)];
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line bg-panel px-3 py-2">
      <Button
        kind="primary"
        size="icon"
        aria-label={playing ? 'Pause' : 'Play'}
        onClick={() => replay.toggle()}
      >
        {playing ? <Pause aria-hidden className="size-4" /> : <Play aria-hidden className="size-4" />}
      </Button>
      <input
        type="range"
        aria-label="Place in the recording"
        aria-valuetext={`${now} of ${whole}`}
        min={0}
        max={Math.max(stepMs, stepAt(durationMs))}
        step={stepMs}
        value={stepAt(positionMs)}
        onChange={(event) => replay.seek(Number(event.currentTarget.value))}
        className="order-first h-8 w-full accent-accent sm:order-none sm:w-auto sm:min-w-40 sm:flex-1"
      />
      <span className="text-xs whitespace-nowrap text-ink-2">
        <span className="text-ink">{now}</span> / {whole}
      </span>
      <label className="flex items-center gap-1.5 text-xs text-ink-2">
        <FastForward aria-hidden className="size-3.5" />
        <span className="sr-only">Speed</span>
        <select
          value={speed}
          onChange={(event) => replay.setSpeed(Number(event.currentTarget.value) as Speed)}
          className="h-7 rounded-md border border-line-strong bg-panel px-1.5 text-xs text-ink"
        >
          {speeds.map((each) => (
            <option key={each} value={each}>
              {each}×
            </option>
          ))}
        </select>
      </label>
      <label className="flex items-center gap-1.5 text-xs text-ink-2">
        <input
          type="checkbox"
          checked={skipsPauses}
          onChange={(event) => replay.setSkipsPauses(event.currentTarget.checked)}
          className="size-4 accent-accent"
        />
        Cut pauses to 2 s
      </label>
    </div>
  );
}
