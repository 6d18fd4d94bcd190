import { Unsupported } from '../outcome.ts';
import type { Matcher } from './operator.ts';

type Compare = (actual: number, wanted: number) => boolean;

function date(wanted: string, compare: Compare): Matcher {
  const right = readDate(wanted);
  if (right === undefined) throw new Unsupported(`${wanted} is not a date`);
  return (actual) => {
    const left = readDate(actual);
    if (left === undefined) return 'unknown';
    return compare(left, right) ? 'yes' : 'no';
  };
}

const form = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds of a date in a W3C form of ISO 8601 (a time needs its zone) or in epoch seconds. */
function readDate(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  const parts = form.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0] = parts.slice(1, 4).map(Number);
  // A 30th of February would become a day in March.
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

export function dateEquals(wanted: string): Matcher {
  return date(wanted, (actual, right) => actual === right);
}

export function dateLessThan(wanted: string): Matcher {
  return date(wanted, (actual, right) => actual < right);
}

export function dateLessThanEquals(wanted: string): Matcher {
  return date(wanted, (actual, right) => actual <= right);
}

export function dateGreaterThan(wanted: string): Matcher {
  return date(wanted, (actual, right) => actual > right);
}

export function dateGreaterThanEquals(wanted: string): Matcher {
  return date(wanted, (actual, right) => actual >= right);
}
