'use client';
import { useQuery } from '@tanstack/react-query';
import { usePathname, useRouter } from 'next/navigation';
import { useEffect, useState, type ReactNode } from 'react';
import { isSignedOut, problemOf } from '../api/problem-of.ts';
import { meQuery } from '../api/queries.ts';
import { Button } from '../design/button.tsx';
import { NoticeProvider } from '../design/notices.tsx';
import { ProblemNotice } from '../design/problem-notice.tsx';
import { KeysHelp } from './keys-help.tsx';
import { LiveProvider, usePollMs } from './live.tsx';
import { placesOf } from './places.ts';
import { BottomBar, Rail, TopBar } from './rail.tsx';
import { useFavicon } from './use-favicon.ts';
import { useKeys } from './use-keys.ts';

/** Frame of every page but sign-in: rail, keys, live channel; sends people to sign in when they are not. */
export function Shell({ children }: { children: ReactNode }) {
  const router = useRouter();
  const { data: me, error, refetch } = useQuery({ ...meQuery, retry: (n, e) => !isSignedOut(e) && n < 2 });
  const signedOut = isSignedOut(error);
  useEffect(() => {
    if (!signedOut) return;
    const here = `${location.pathname}${location.search}`;
    router.replace(here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`);
  }, [signedOut, router]);
  if (signedOut) return null;
  if (error && !me) {
    return (
      <main className="mx-auto max-w-lg px-6 py-24">
        <ProblemNotice problem={problemOf(error)}>
          <Button onClick={() => void refetch()}>Try again</Button>
        </ProblemNotice>
      </main>
    );
  }
  return (
    <NoticeProvider>
      {me ? (
        <LiveProvider>
          <Frame>{children}</Frame>
        </LiveProvider>
      ) : (
        <Frame>{children}</Frame>
      )}
    </NoticeProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const router = useRouter();
  const pathname = usePathname();
  const [helpOpen, setHelpOpen] = useState(false);
  const { data: me } = useQuery({ ...meQuery, refetchInterval: usePollMs() });
  useFavicon((me?.counts.activeGrants ?? 0) > 0);
  useKeys({
    '?': () => setHelpOpen(true),
    ...Object.fromEntries(placesOf(me).map((place) => [`g ${place.key}`, () => router.push(place.href)])),
  });
  return (
    <div className="min-h-dvh md:pl-56">
      <a
        href="#content"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-3 py-2 text-sm text-accent-ink focus:translate-y-0"
      >
        Skip to the content
      </a>
      <TopBar me={me} />
      <Rail me={me} pathname={pathname} onHelp={() => setHelpOpen(true)} />
      <main id="content" className="mx-auto w-full max-w-6xl px-4 pt-5 pb-28 md:px-8 md:pt-7 md:pb-12">
        {me ? children : null}
      </main>
      <BottomBar me={me} pathname={pathname} />
      <KeysHelp places={placesOf(me)} open={helpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}
