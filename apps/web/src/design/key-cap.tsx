import { cn } from './cn.ts';

/** A key as printed on a keyboard. Hidden where there is none. */
export function KeyCap({ children, className }: { children: string; className?: string }) {
  return (
    <kbd
      aria-hidden
      className={cn(
        'hidden h-[18px] min-w-[18px] items-center justify-center rounded-sm border border-current/25 px-1 font-sans text-2xs leading-none font-medium opacity-85 md:inline-flex',
        className,
      )}
    >
      {children}
    </kbd>
  );
}
