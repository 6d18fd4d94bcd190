import { Problem } from '@sallyport/problems';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration as people write it: `30m`, `1h`, `1h30m`, `45s`, `2d`, `1.5h`. Refuses with DURATION_INVALID. */
export function parseDuration(text: string): number {
  const written = text.trim().toLowerCase().replace(/\s+/gu, '');
  const parts = [...written.matchAll(/(\d+(?:\.\d+)?)(d|h|m|s)(?:ays?|ours?|in(?:ute)?s?|ec(?:ond)?s?)?/gu)];
  const whole = parts.map(([part]) => part).join('') === written && parts.length > 0;
  const seconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit ?? ''] ?? NaN),
    0,
  );
  if (!whole || !Number.isFinite(seconds) || seconds < 1)
    throw new Problem('DURATION_INVALID', {
      detail: `"${text.slice(0, 40)}" is not a duration; write it like 30m, 1h or 1h30m.`,
    });
  return Math.round(seconds);
}

/** A duration for a sentence: `45 s`, `30 min`, `1 h 30 min`, `2 d`. */
export function sayDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600)
    return s % 60 === 0 || s >= 600 ? `${Math.round(s / 60)} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round((s % 86_400) / 60);
  const days = Math.floor(s / 86_400);
  const parts = [
    days > 0 ? `${days} d` : '',
    Math.floor(minutes / 60) > 0 ? `${Math.floor(minutes / 60)} h` : '',
    minutes % 60 > 0 && days === 0 ? `${minutes % 60} min` : '',
  ];
  return parts.filter(Boolean).join(' ') || '1 d';
}

/** Time left as a clock: `59:58`, `1:02:03`. */
export function sayClock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  return hours > 0
    ? `${hours}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`
    : `${two(Math.floor(s / 60))}:${two(s % 60)}`;
}

/** A duration as a flag takes it back: `1h30m`. */
export function writeDuration(seconds: number): string {
  const s = Math.max(1, Math.round(seconds));
  const parts = [
    [Math.floor(s / 3600), 'h'],
    [Math.floor((s % 3600) / 60), 'm'],
    [s % 60, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
}

/** Bytes for people: `0 B`, `812 B`, `1.4 kB`, `3.2 MB` (powers of 1000). */
export function sayBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A moment as a person reads it, wherever they are: `2026-11-22 14:05 UTC`. Takes RFC 3339 in UTC. */
export function sayMoment(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
