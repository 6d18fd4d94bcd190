import { cn } from './cn.ts';

/** A person as initials: no picture is fetched from anywhere. */
export function Face({ name, className }: { name: string; className?: string }) {
  return (
    <span
      aria-hidden
      className={cn(
        'grid size-7 shrink-0 place-items-center rounded-full border border-line bg-sunken text-2xs font-semibold text-ink-2 uppercase',
        className,
      )}
    >
      {initials(name)}
    </span>
  );
}

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s.@_-]+/u)
    .filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  );
  return letters.join('') || '?';
}
