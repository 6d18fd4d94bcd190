'use client';
import { browserClock, browserTimers } from '@sallyport/effects/browser';
import { useEffect, useState } from 'react';

/** Longer than the second half of a double click. */
const settleMs = 500;

let answeredAt = Number.NEGATIVE_INFINITY;

/** Notes that a request was answered: the next one takes its place on the screen. */
export function noteAnswer(): void {
  answeredAt = browserClock.monotonic();
}

/** False for a moment after an answer, so that its second click does not approve the request that came next. */
export function useSettled(): boolean {
  const [left, setLeft] = useState(() => Math.max(0, answeredAt + settleMs - browserClock.monotonic()));
  useEffect(() => {
    if (left === 0) return;
    const timer = browserTimers.after(left, () => setLeft(0));
    return () => browserTimers.cancel(timer);
  }, [left]);
  return left === 0;
}
