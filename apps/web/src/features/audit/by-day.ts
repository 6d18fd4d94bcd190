import type { AuditEvent } from '../../api/contract.ts';

/** Events of one day in UTC, in the order they came. */
export interface Day {
  day: string;
  events: AuditEvent[];
}

/** The list cut at the turn of each day (UTC). */
export function byDay(events: readonly AuditEvent[]): Day[] {
  const days: Day[] = [];
  for (const event of events) {
    const day = event.at.slice(0, 10);
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
}
