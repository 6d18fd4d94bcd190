'use client';
import { Keyboard } from 'lucide-react';
import Link from 'next/link';
import type { Me } from '../api/contract.ts';
import { cn } from '../design/cn.ts';
import { KeyCap } from '../design/key-cap.tsx';
import { Logo } from '../design/logo.tsx';
import { Account } from './account.tsx';
import { useLiveState } from './live.tsx';
import { placesOf, type Place } from './places.ts';

interface Placed {
  me: Me | undefined;
  pathname: string;
}

const isHere = (place: Place, pathname: string) => pathname.replace(/(.)\/$/, '$1') === place.href;

function Count({ place, me, className }: { place: Place; me: Me | undefined; className?: string }) {
  const count = me ? place.count(me) : 0;
  if (count === 0) return null;
  const urgent = place.href === '/inbox';
  return (
    <span
      className={cn(
        'inline-flex h-5 min-w-5 items-center justify-center rounded-full px-1.5 text-2xs font-semibold',
        urgent ? 'bg-accent text-accent-ink' : 'bg-sunken text-ink-2 ring-1 ring-line ring-inset',
        className,
      )}
    >
      {count > 99 ? '99+' : count}
      <span className="sr-only"> {place.counted}</span>
    </span>
  );
}

/** The left rail: the places, live state, keys, account. */
export function Rail({ me, pathname, onHelp }: Placed & { onHelp: () => void }) {
  return (
    <header className="fixed inset-y-0 left-0 z-30 hidden w-56 flex-col border-r border-line bg-panel px-3 py-4 md:flex">
      <Link href="/" className="mb-5 flex items-center gap-2.5 rounded-md px-2 py-1">
        <Logo open={(me?.counts.activeGrants ?? 0) > 0} className="size-6" />
        <span className="text-base font-semibold tracking-tight text-ink">Sallyport</span>
      </Link>
      <nav aria-label="Places" className="flex flex-col gap-0.5">
        {placesOf(me).map((place) => {
          const here = isHere(place, pathname);
          return (
            <Link
              key={place.href}
              href={place.href}
              aria-current={here ? 'page' : undefined}
              className={cn(
                'group flex h-8 items-center gap-2.5 rounded-md px-2 text-sm font-medium transition-colors duration-100',
                here ? 'bg-accent-soft text-accent' : 'text-ink-2 hover:bg-hover hover:text-ink',
              )}
            >
              <place.icon aria-hidden className="size-4" strokeWidth={here ? 2.25 : 2} />
              <span className="flex-1">{place.name}</span>
              <Count place={place} me={me} />
            </Link>
          );
        })}
      </nav>
      <div className="mt-auto space-y-1">
        <LiveMark />
        <button
          type="button"
          onClick={onHelp}
          className="flex h-8 w-full items-center gap-2.5 rounded-md px-2 text-sm text-ink-2 hover:bg-hover hover:text-ink"
        >
          <Keyboard aria-hidden className="size-4" />
          <span className="flex-1 text-left">Keys</span>
          <KeyCap>?</KeyCap>
        </button>
        <div className="border-t border-line pt-1">
          <Account me={me} />
        </div>
      </div>
    </header>
  );
}

const liveWords = { open: 'Live', connecting: 'Connecting', waiting: 'Reconnecting', closed: 'Signed out' };

function LiveMark() {
  const state = useLiveState();
  const live = state === 'open';
  return (
    <p
      role="status"
      title={
        live
          ? 'Changes appear here at once'
          : 'Changes appear within five seconds until the live channel is back'
      }
      className="flex h-8 items-center gap-2.5 px-2 text-sm text-ink-2"
    >
      <span aria-hidden className="grid size-4 place-items-center">
        <span
          className={cn(
            'size-2 rounded-full',
            live ? 'bg-granted-mark' : 'border-2 border-waiting-mark bg-transparent',
          )}
        />
      </span>
      {liveWords[state]}
    </p>
  );
}

/** Head of a phone: the name, and the way out. */
export function TopBar({ me }: { me: Me | undefined }) {
  return (
    <header className="flex h-14 items-center justify-between border-b border-line bg-panel pr-2 pl-4 md:hidden">
      <Link href="/" className="flex items-center gap-2.5 rounded-md">
        <Logo open={(me?.counts.activeGrants ?? 0) > 0} className="size-6" />
        <span className="text-base font-semibold tracking-tight text-ink">Sallyport</span>
      </Link>
      <Account me={me} compact />
    </header>
  );
}

/** The rail of a phone: at the thumb. */
export function BottomBar({ me, pathname }: Placed) {
  return (
    <nav
      aria-label="Places"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {placesOf(me).map((place) => {
        const here = isHere(place, pathname);
        return (
          <Link
            key={place.href}
            href={place.href}
            aria-current={here ? 'page' : undefined}
            className={cn(
              'relative flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-1 text-2xs font-medium',
              here ? 'text-accent' : 'text-ink-2',
            )}
          >
            <place.icon aria-hidden className="size-5" strokeWidth={here ? 2.25 : 2} />
            <span className="max-w-full truncate">{place.name}</span>
            <Count place={place} me={me} className="absolute top-1 left-1/2 ml-1.5 h-4 min-w-4 px-1" />
          </Link>
        );
      })}
    </nav>
  );
}
