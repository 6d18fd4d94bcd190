'use client';
import { Tooltip } from '@base-ui/react/tooltip';
import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap [&_svg]:shrink-0 transition-colors duration-100 select-none aria-disabled:cursor-not-allowed',
  {
    variants: {
      kind: {
        primary: 'bg-accent text-accent-ink not-aria-disabled:hover:bg-accent-hover aria-disabled:opacity-60',
        plain:
          'border border-line-strong bg-panel text-ink shadow-panel aria-disabled:text-ink-3 aria-disabled:shadow-none not-aria-disabled:hover:bg-hover',
        quiet:
          'text-ink-2 aria-disabled:text-ink-3 not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-ink',
        danger:
          'border border-line-strong bg-panel text-denied shadow-panel not-aria-disabled:hover:border-denied not-aria-disabled:hover:bg-denied-soft',
        destructive: 'bg-denied text-panel not-aria-disabled:hover:opacity-90 aria-disabled:opacity-60',
      },
      size: {
        small: 'h-7 px-2.5 text-xs',
        normal: 'h-8 px-3 text-sm',
        large: 'h-10 px-3 text-base sm:px-4',
        icon: 'size-8 text-sm',
      },
    },
    defaultVariants: { kind: 'plain', size: 'normal' },
  },
);

type ButtonProps = Omit<ComponentProps<'button'>, 'disabled'> &
  VariantProps<typeof look> & {
    /** Why the button does nothing now. It stays focusable, and the reason is its description. */
    blockedBecause?: string | undefined;
    /** True while what it does is under way; further presses are ignored. */
    busy?: boolean;
  };

/** A button. Blocked ones stay reachable, and say why on hover and on focus. */
export function Button({ kind, size, className, blockedBecause, busy, onClick, type, ...rest }: ButtonProps) {
  const inert = busy || blockedBecause !== undefined;
  return (
    <Tooltip.Root disabled={blockedBecause === undefined}>
      <Tooltip.Trigger
        delay={150}
        render={
          <button
            {...rest}
            type={type ?? 'button'}
            aria-disabled={inert || undefined}
            aria-busy={busy || undefined}
            aria-description={blockedBecause}
            className={cn(look({ kind, size }), className)}
            onClick={inert ? (event) => event.preventDefault() : onClick}
          />
        }
      />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-60">
          <Tooltip.Popup className="fade max-w-72 rounded-md bg-ink px-2.5 py-1.5 text-xs text-paper data-ending-style:opacity-0 data-starting-style:opacity-0">
            {blockedBecause}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
