'use client';
import type { AuditEvent } from '../../api/contract.ts';
import { absoluteTime, timeOfDay } from '../../clock/durations.ts';
import { cn } from '../../design/cn.ts';
import { eventLook } from './event-look.ts';

/** One event in human words; opens its detail. */
export function EventRow({ event, onOpen }: { event: AuditEvent; onOpen: () => void }) {
  const { icon: Icon, tint } = eventLook(event.type);
  return (
    <li>
      <button
        type="button"
        data-row
        onClick={onOpen}
        className="flex w-full items-start gap-3 px-4 py-2 text-left transition-colors duration-100 hover:bg-hover focus-visible:-outline-offset-2"
      >
        <time
          dateTime={event.at}
          title={absoluteTime(event.at)}
          className="w-16 shrink-0 text-xs leading-5 text-ink-2"
        >
          {timeOfDay(event.at)}
        </time>
        <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', tint)} />
        <span className="min-w-0 flex-1 text-sm text-ink wrap-anywhere">{event.sentence}</span>
        <span className="hidden w-40 shrink-0 truncate text-right font-mono text-2xs leading-5 text-ink-2 lg:block">
          {event.type}
        </span>
      </button>
    </li>
  );
}
