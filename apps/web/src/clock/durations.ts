/** Words for spans of time. Pure: the present is always handed in, in Unix milliseconds. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `5400` → `1 h 30 min`; two units at most, seconds only below a minute. */
export function durationInWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < minute) return `${whole} s`;
  const units: [number, string][] = [
    [Math.floor(whole / day), 'd'],
    [Math.floor((whole % day) / hour), 'h'],
    [Math.floor((whole % hour) / minute), 'min'],
  ];
  return units
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** Time left as a clock: `42:10`, `1:02:10`, `2 d 03:00`. Never negative. */
export function countdown(endsAt: string, now: number): string {
  const left = secondsLeft(endsAt, now);
  const days = Math.floor(left / day);
  const hours = Math.floor((left % day) / hour);
  const two = (count: number) => String(count).padStart(2, '0');
  const minutes = Math.floor((left % hour) / minute);
  if (days > 0) return `${days} d ${two(hours)}:${two(minutes)}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(left % minute)}`;
  return `${minutes}:${two(left % minute)}`;
}

/** Whole seconds until `endsAt`, rounded up so that a grant shows 0:00 only when it has ended. */
export function secondsLeft(endsAt: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(endsAt) - now) / 1_000));
}

/** How near the end is: amber from ten minutes, red from one. */
export function urgency(seconds: number): 'calm' | 'soon' | 'now' {
  if (seconds <= minute) return 'now';
  return seconds <= 10 * minute ? 'soon' : 'calm';
}

/** Part of an interval that is left, between 0 and 1. */
export function fractionLeft(startsAt: string, endsAt: string, now: number): number {
  const whole = Date.parse(endsAt) - Date.parse(startsAt);
  if (!(whole > 0)) return 0;
  return Math.min(1, Math.max(0, (Date.parse(endsAt) - now) / whole));
}

/** `just now`, `4 min ago`, `in 2 h`, and from a week on the date. */
export function relativeTime(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1_000);
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds >= 0 ? 'just now' : 'in a moment';
  if (distance >= 7 * day) return at.slice(0, 10);
  const [unit, name] =
    distance < 90 * minute ? [minute, 'min'] : distance < 36 * hour ? [hour, 'h'] : [day, 'd'];
  const words = `${Math.max(1, Math.round(distance / unit))} ${name}`;
  return seconds >= 0 ? `${words} ago` : `in ${words}`;
}

/** The moment in UTC, to the second, for hovers and exports: `2026-11-22 14:02:09 UTC`. */
export function absoluteTime(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A sentence in parts: its words, and the moments written in UTC to the minute (`2026-11-22 14:05 UTC`) in ISO 8601. */
export function momentsIn(sentence: string): ({ readonly at: string } | string)[] {
  return sentence
    .split(/(\d{4}-\d\d-\d\d \d\d:\d\d UTC)/)
    .map((part, index) =>
      index % 2 === 0 ? part : { at: `${part.slice(0, 10)}T${part.slice(11, 16)}:00.000Z` },
    )
    .filter((part) => part !== '');
}

/** Time of day in UTC: `14:02:09`. */
export function timeOfDay(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}

/**
 * Seconds meant by what a person typed: `45`, `45m`, `1h30`, `1.5h`, `2h 15m`, `1d`. A bare number is minutes.
 * Undefined when it means nothing.
 */
export function parseDuration(text: string): number | undefined {
  const compact = text
    .trim()
    .toLowerCase()
    .replaceAll(/(?<=\d)\s+(?=[a-z])|(?<=[a-z])\s+/g, '');
  if (/^\d+$/.test(compact)) return Number(compact) * minute;
  const match = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+)(?:m|min)?)?$/.exec(compact);
  if (!match || !compact) return undefined;
  const [, days, hours, minutes] = match;
  return Math.round(Number(days ?? 0) * day + Number(hours ?? 0) * hour + Number(minutes ?? 0) * minute);
}
