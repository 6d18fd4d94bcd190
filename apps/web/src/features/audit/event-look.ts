import {
  CircleCheck,
  Clapperboard,
  CircleDot,
  CircleX,
  ClockPlus,
  DoorClosed,
  DoorOpen,
  KeySquare,
  LogIn,
  LogOut,
  MessageSquareText,
  Network,
  PlugZap,
  ServerCog,
  ShieldAlert,
  Unplug,
  type LucideIcon,
} from 'lucide-react';

export interface EventLook {
  icon: LucideIcon;
  tint: string;
}

const plain = 'text-ink-3';

const looks: Record<string, EventLook> = {
  'request.submitted': { icon: MessageSquareText, tint: 'text-waiting' },
  'request.approved': { icon: CircleCheck, tint: 'text-granted' },
  'request.denied': { icon: CircleX, tint: 'text-denied' },
  'review.recorded': { icon: CircleCheck, tint: plain },
  'grant.activated': { icon: DoorOpen, tint: 'text-granted' },
  'grant.extended': { icon: ClockPlus, tint: 'text-granted' },
  'grant.ended': { icon: DoorClosed, tint: plain },
  'session.terminated': { icon: Unplug, tint: 'text-denied' },
  'session.closed': { icon: Unplug, tint: plain },
  'lease.failed': { icon: ShieldAlert, tint: 'text-denied' },
  'lease.unknown': { icon: ShieldAlert, tint: 'text-waiting' },
  'recording.missing': { icon: Clapperboard, tint: 'text-denied' },
  'recording.untold': { icon: Clapperboard, tint: 'text-waiting' },
  'recording.opened': { icon: Clapperboard, tint: 'text-accent' },
  'person.sign_in_refused': { icon: ShieldAlert, tint: 'text-denied' },
  'person.signed_in': { icon: LogIn, tint: plain },
  'person.signed_out': { icon: LogOut, tint: plain },
};

const families: Record<string, LucideIcon> = {
  session: PlugZap,
  lease: KeySquare,
  token: KeySquare,
  grant: DoorOpen,
  recording: Clapperboard,
  flow: Network,
  route: Network,
  agent: ServerCog,
};

/** Icon and tint of an event; one that is not known gets a plain dot. */
export function eventLook(type: string): EventLook {
  return looks[type] ?? { icon: families[type.split('.')[0] ?? ''] ?? CircleDot, tint: plain };
}
