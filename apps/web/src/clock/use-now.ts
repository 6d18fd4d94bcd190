'use client';
import { useSyncExternalStore } from 'react';
import { onTick, serverNow, tickedNow } from './server-clock.ts';

/** The server's time in Unix milliseconds, renewed every second. 0 while the page is being pre-rendered. */
export function useNow(): number {
  const now = useSyncExternalStore(onTick, tickedNow, () => 0);
  // Between first render and first tick nothing has been noted yet; the clock itself is read then.
  return now === 0 && typeof window !== 'undefined' ? serverNow() : now;
}
