import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { CopyLine } from './copy-line.tsx';

/** Nothing here yet: what will be here, and the very next command. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  command,
}: {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  command?: string;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <span className="grid size-11 place-items-center rounded-xl border border-line bg-sunken text-ink-3">
        <Icon aria-hidden className="size-5" />
      </span>
      <h2 className="mt-4 text-base font-semibold text-ink">{title}</h2>
      <p className="mt-1 max-w-md text-sm text-ink-2">{children}</p>
      {command && <CopyLine line={command} label="command" className="mt-5 w-full max-w-sm text-left" />}
    </div>
  );
}
