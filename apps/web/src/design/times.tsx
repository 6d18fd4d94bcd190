'use client';
import { Fragment } from 'react';
import {
  absoluteTime,
  countdown,
  momentsIn,
  relativeTime,
  secondsLeft,
  urgency,
} from '../clock/durations.ts';
import { useNow } from '../clock/use-now.ts';
import { cn } from './cn.ts';

/** A moment, relative to now; the absolute one on hover. */
export function Moment({ at, className }: { at: string; className?: string }) {
  return (
    <time dateTime={at} title={absoluteTime(at)} className={className}>
      {relativeTime(at, useNow())}
    </time>
  );
}

const clockFace = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** Time of day where the reader is; the absolute moment on hover. */
export function ClockTime({ at, className }: { at: string; className?: string }) {
  return (
    <time dateTime={at} title={absoluteTime(at)} className={className}>
      {clockFace.format(Date.parse(at))}
    </time>
  );
}

/** A sentence of the server, with the moments that it tells in UTC as {@link ClockTime} has them; one of another day keeps its date. */
export function Told({ sentence }: { sentence: string }) {
  const today = localDay(useNow());
  return momentsIn(sentence).map((part, index) => {
    if (typeof part === 'string') return part;
    const day = localDay(Date.parse(part.at));
    return (
      <Fragment key={index}>
        {day !== today && `${day} `}
        <ClockTime at={part.at} />
      </Fragment>
    );
  });
}

/** The date where the reader is: `2026-11-22`. */
function localDay(at: number): string {
  const date = new Date(at);
  const two = (count: number) => String(count).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Time left as a clock in running text, tinted when it gets short. */
export function TimeLeft({ endsAt, className }: { endsAt: string; className?: string }) {
  const now = useNow();
  const nearness = urgency(secondsLeft(endsAt, now));
  const tint = nearness === 'now' ? 'text-denied' : nearness === 'soon' ? 'text-waiting' : '';
  return (
    <time dateTime={endsAt} title={`ends ${absoluteTime(endsAt)}`} className={cn(tint, className)}>
      {countdown(endsAt, now)}
    </time>
  );
}
