'use client';
import { browserRandom, browserTimers } from '@sallyport/effects/browser';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import type { LiveHint } from '../api/contract.ts';
import { LiveChannel, type LiveState, type SocketEvents } from '../api/live-channel.ts';
import { staleAfter } from '../api/queries.ts';

const LiveContext = createContext<LiveState>('connecting');

/** Hints that arrive together are answered by one round of reads. */
const gatherMs = 80;

/** How the page stands to the live channel. */
export const useLiveState = () => useContext(LiveContext);

/** Poll interval behind the live channel: seldom while it is open, often while it is not. */
export function usePollMs(): number {
  return useLiveState() === 'open' ? 60_000 : 5_000;
}

function openSocket(events: SocketEvents): WebSocket {
  const socket = new WebSocket(new URL('/api/live', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', events.opened);
  socket.addEventListener('message', (event) => events.received(event.data));
  socket.addEventListener('close', (event) => events.closed(event.code));
  return socket;
}

/** Keeps the live channel while somebody is signed in, and refreshes what its hints make stale. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    const stale = new Set<string>();
    let gathering: object | undefined;
    const refresh = () => {
      gathering = undefined;
      for (const noun of stale) void client.invalidateQueries({ queryKey: [noun] });
      stale.clear();
    };
    const onHint = (hint: LiveHint) => {
      for (const noun of staleAfter(hint.topic)) stale.add(noun);
      gathering ??= browserTimers.after(gatherMs, refresh);
    };
    const channel = new LiveChannel({
      openSocket,
      timers: browserTimers,
      fraction: browserRandom.fraction,
      onHint,
      onState: setState,
      onIdentityChanged: () => void client.invalidateQueries({ queryKey: ['me'] }),
    });
    channel.start();
    const hurry = () => channel.hurry();
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    return () => {
      window.removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
      if (gathering) browserTimers.cancel(gathering);
      channel.stop();
    };
  }, [client]);
  return <LiveContext value={state}>{children}</LiveContext>;
}
