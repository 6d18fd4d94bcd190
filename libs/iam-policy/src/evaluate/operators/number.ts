import { Unsupported } from '../outcome.ts';
import type { Matcher } from './operator.ts';

type Compare = (actual: number, wanted: number) => boolean;

function numeric(wanted: string, compare: Compare): Matcher {
  const right = readNumber(wanted);
  if (right === undefined) throw new Unsupported(`${wanted} is not a number`);
  return (actual) => {
    const left = readNumber(actual);
    if (left === undefined) return 'unknown';
    return compare(left, right) ? 'yes' : 'no';
  };
}

function readNumber(text: string): number | undefined {
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}

export function numericEquals(wanted: string): Matcher {
  return numeric(wanted, (actual, right) => actual === right);
}

export function numericLessThan(wanted: string): Matcher {
  return numeric(wanted, (actual, right) => actual < right);
}

export function numericLessThanEquals(wanted: string): Matcher {
  return numeric(wanted, (actual, right) => actual <= right);
}

export function numericGreaterThan(wanted: string): Matcher {
  return numeric(wanted, (actual, right) => actual > right);
}

export function numericGreaterThanEquals(wanted: string): Matcher {
  return numeric(wanted, (actual, right) => actual >= right);
}
