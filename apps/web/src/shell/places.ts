import {
  Clapperboard,
  DoorOpen,
  Inbox,
  KeyRound,
  ScrollText,
  UsersRound,
  Waypoints,
  type LucideIcon,
} from 'lucide-react';
import type { Me } from '../api/contract.ts';

/** One of the places of the dashboard. */
export interface Place {
  href: string;
  name: string;
  icon: LucideIcon;
  /** Second key after `g`. */
  key: string;
  /** What waits or lives there, for the rail. */
  count: (me: Me) => number;
  /** What the count counts, for those who listen. */
  counted: string;
  /** Whose place it is; everybody's where it is not said. */
  role?: Me['roles'][number];
}

export const places: readonly Place[] = [
  { href: '/', name: 'Resources', icon: KeyRound, key: 'r', count: () => 0, counted: '' },
  {
    href: '/inbox',
    name: 'Inbox',
    icon: Inbox,
    key: 'i',
    count: (me) => me.counts.toReview,
    counted: 'to review',
  },
  {
    href: '/access',
    name: 'My access',
    icon: DoorOpen,
    key: 'a',
    count: (me) => me.counts.activeGrants,
    counted: 'active',
  },
  {
    href: '/sessions',
    name: 'Sessions',
    icon: Waypoints,
    key: 's',
    count: (me) => me.counts.liveSessions,
    counted: 'live',
  },
  { href: '/audit', name: 'Audit', icon: ScrollText, key: 'u', count: () => 0, counted: '' },
  {
    ...{ href: '/recordings', name: 'Recordings', icon: Clapperboard, key: 'c', role: 'auditor' },
    ...{ count: () => 0, counted: '' },
  },
  {
    ...{ href: '/accounts', name: 'Accounts', icon: UsersRound, key: 'h', role: 'admin' },
    ...{ count: () => 0, counted: '' },
  },
];

/** The places of somebody. */
export function placesOf(me: Me | undefined): readonly Place[] {
  return places.filter(({ role }) => role === undefined || me?.roles.includes(role));
}
