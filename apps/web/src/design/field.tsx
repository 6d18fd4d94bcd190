'use client';
import { useId, type ComponentProps, type ReactNode } from 'react';
import { cn } from './cn.ts';

const box =
  'w-full rounded-md border border-line-strong bg-panel px-3 text-sm text-ink outline-none transition-colors duration-100 hover:border-ink-3 focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent aria-invalid:border-denied';

interface FieldFrame {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value; announced when it appears. */
  wrong?: string | undefined;
}

function Frame({ id, label, hint, wrong, children }: FieldFrame & { id: string; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium text-ink">
        {label}
      </label>
      {children}
      <p
        id={`${id}-note`}
        aria-live="polite"
        className={cn('mt-1 text-xs', wrong ? 'text-denied' : 'text-ink-3')}
      >
        {wrong ?? hint}
      </p>
    </div>
  );
}

/** A line of text with its label. */
export function TextField({ label, hint, wrong, className, ...input }: FieldFrame & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} wrong={wrong}>
      <input
        {...input}
        id={id}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={`${id}-note`}
        className={cn(box, 'h-9', className)}
      />
    </Frame>
  );
}

/** Several lines of text with their label. */
export function TextArea({
  label,
  hint,
  wrong,
  className,
  ...area
}: FieldFrame & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} wrong={wrong}>
      <textarea
        rows={2}
        {...area}
        id={id}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={`${id}-note`}
        className={cn(box, 'block resize-none py-2', className)}
      />
    </Frame>
  );
}
