'use client';
import { browserTimers } from '@sallyport/effects/browser';
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { cn } from './cn.ts';

const confirmationMs = 1_600;

/** A command to type, with a button that copies it and says so. */
export function CopyLine({ line, label, className }: { line: string; label: string; className?: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | undefined>();
  const text = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = browserTimers.after(confirmationMs, () => setOutcome(undefined));
    return () => browserTimers.cancel(timer);
  }, [outcome]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(line);
      setOutcome('copied');
    } catch {
      // Without clipboard rights the line is selected, so that the system's own copy key does it.
      if (text.current) window.getSelection()?.selectAllChildren(text.current);
      setOutcome('refused');
    }
  }

  const word = outcome === 'copied' ? 'Copied' : outcome === 'refused' ? 'Selected' : 'Copy';
  return (
    <div className={cn('flex h-9 items-center rounded-md border border-line bg-sunken pl-3', className)}>
      <span aria-hidden className="mr-2 font-mono text-sm text-ink-3 select-none">
        $
      </span>
      <code ref={text} className="min-w-0 flex-1 truncate font-mono text-sm text-ink">
        {line}
      </code>
      <button
        type="button"
        onClick={() => void copy()}
        aria-label={`${word} ${label}`}
        className={cn(
          'flex h-full shrink-0 items-center gap-1.5 rounded-r-md border-l border-line px-3 text-xs font-medium transition-colors duration-100 hover:bg-hover',
          outcome === 'copied' ? 'text-granted' : 'text-ink-2 hover:text-ink',
        )}
      >
        {outcome === 'copied' ? (
          <Check aria-hidden className="size-3.5" strokeWidth={2.5} />
        ) : (
          <Copy aria-hidden className="size-3.5" />
        )}
        <span aria-live="polite">{word}</span>
      </button>
    </div>
  );
}
