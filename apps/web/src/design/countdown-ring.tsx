'use client';
import { useNow } from '../clock/use-now.ts';
import { countdown, durationInWords, fractionLeft, secondsLeft, urgency } from '../clock/durations.ts';
import { cn } from './cn.ts';

const radius = 34;
const around = 2 * Math.PI * radius;

const strokes = { calm: 'stroke-granted-mark', soon: 'stroke-waiting-mark', now: 'stroke-denied-mark' };
const words = { calm: 'text-ink', soon: 'text-waiting', now: 'text-denied' };

/** Time left of an interval as a ring and a clock: amber at ten minutes, red at one. */
export function CountdownRing({ startsAt, endsAt }: { startsAt: string; endsAt: string }) {
  const now = useNow();
  const left = secondsLeft(endsAt, now);
  const nearness = urgency(left);
  const long = left >= 3_600;
  return (
    <div
      role="timer"
      aria-label={`${durationInWords(left)} left`}
      className="relative grid size-20 shrink-0 place-items-center"
    >
      <svg aria-hidden viewBox="0 0 80 80" className="absolute inset-0 -rotate-90">
        <circle cx="40" cy="40" r={radius} fill="none" strokeWidth="5" className="stroke-sunken" />
        <circle
          cx="40"
          cy="40"
          r={radius}
          fill="none"
          strokeWidth="5"
          strokeLinecap="round"
          strokeDasharray={around}
          strokeDashoffset={around * (1 - fractionLeft(startsAt, endsAt, now))}
          className={cn('ring-progress', strokes[nearness])}
        />
      </svg>
      <span aria-hidden className="flex flex-col items-center leading-none">
        <span className={cn('font-semibold', long ? 'text-xs' : 'text-base', words[nearness])}>
          {countdown(endsAt, now)}
        </span>
        <span className="mt-1 text-2xs text-ink-3">left</span>
      </span>
    </div>
  );
}
