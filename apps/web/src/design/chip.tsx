import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from './cn.ts';

/** What a colour may mean. Every tone comes with an icon and a word. */
export type Tone = 'neutral' | 'accent' | 'waiting' | 'granted' | 'denied' | 'ended';

export const toneClasses: Record<Tone, string> = {
  neutral: 'border-line bg-sunken text-ink-2',
  accent: 'border-transparent bg-accent-soft text-accent',
  waiting: 'border-transparent bg-waiting-soft text-waiting',
  granted: 'border-transparent bg-granted-soft text-granted',
  denied: 'border-transparent bg-denied-soft text-denied',
  ended: 'border-transparent bg-ended-soft text-ended',
};

/** A small labelled state: icon and word, tinted by tone. */
export function Chip({
  tone = 'neutral',
  icon: Icon,
  children,
  className,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cn(
        'inline-flex h-6 items-center gap-1.5 rounded-md border px-2 text-xs font-medium whitespace-nowrap',
        toneClasses[tone],
        className,
      )}
    >
      {Icon && <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={2.25} />}
      {children}
    </span>
  );
}
