import { fitsTemplate, readTemplate } from '../template.ts';
import type { Matcher } from './operator.ts';

/** Same text, same case; `*` and `?` are ordinary characters. */
export function stringEquals(wanted: string): Matcher {
  const template = readTemplate(wanted, 'literal');
  return (actual, facts) => fitsTemplate(actual, template, facts);
}

/** Same text, any case. */
export function stringEqualsIgnoreCase(wanted: string): Matcher {
  const template = readTemplate(wanted, 'literal');
  return (actual, facts) => fitsTemplate(actual, template, facts, 'any case');
}

/** Same case, with `*` for any characters and `?` for one. */
export function stringLike(wanted: string): Matcher {
  const template = readTemplate(wanted, 'wildcards');
  return (actual, facts) => fitsTemplate(actual, template, facts);
}
