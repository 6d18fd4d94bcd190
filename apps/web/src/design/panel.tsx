import type { ReactNode } from 'react';
import { cn } from './cn.ts';

/** A sheet on the paper: border, little shadow. */
export function Panel({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className={cn('overflow-hidden rounded-lg border border-line bg-panel shadow-panel', className)}>
      {children}
    </div>
  );
}

/** Head of a page: its name, one line about it, and what can be done on all of it. */
export function PageHead({
  title,
  about,
  children,
}: {
  title: string;
  about: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="mb-5 flex flex-wrap items-end gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-60">
        <h1 className="text-xl font-semibold tracking-tight text-ink">{title}</h1>
        <p className="mt-0.5 text-sm text-ink-2">{about}</p>
      </div>
      {children}
    </header>
  );
}

/** Name of a part of a page, with how many things are in it. */
export function SectionHead({ title, count }: { title: string; count?: number | undefined }) {
  return (
    <h2 className="mt-8 mb-2 flex items-center gap-2 text-sm font-semibold text-ink">
      {title}
      {count !== undefined && <span className="font-normal text-ink-3">{count}</span>}
    </h2>
  );
}
