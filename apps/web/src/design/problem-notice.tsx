import { OctagonAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from './cn.ts';

/** What a problem says to people. */
export interface ShownProblem {
  title: string;
  detail: string;
  code: string;
  advice?: string;
  instance?: string | undefined;
}

/** What happened, why, what to do next, and the code to quote. */
export function ProblemNotice({
  problem,
  children,
  className,
}: {
  problem: ShownProblem;
  children?: ReactNode;
  className?: string;
}) {
  const { title, detail, advice, code, instance } = problem;
  return (
    <div
      role="alert"
      className={cn(
        'flex gap-3 rounded-lg border border-denied/35 bg-denied-soft px-4 py-3 text-sm',
        className,
      )}
    >
      <OctagonAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-denied" />
      <div className="min-w-0 flex-1">
        <p className="font-semibold text-ink">{title}</p>
        {detail !== title && <p className="text-ink-2 wrap-anywhere">{detail}</p>}
        {advice && <p className="mt-1 text-ink">{advice}</p>}
        <p className="mt-1 font-mono text-2xs text-ink-2 wrap-anywhere">
          {code}
          {instance ? ` · ${instance}` : ''}
        </p>
        {children && <div className="mt-2">{children}</div>}
      </div>
    </div>
  );
}
