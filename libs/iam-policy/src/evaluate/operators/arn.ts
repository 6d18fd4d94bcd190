import type { Facts } from '../facts.ts';
import { Unsupported, type Fit } from '../outcome.ts';
import { fitsTemplate, readTemplate } from '../template.ts';
import type { Matcher } from './operator.ts';

/**
 * Each of the six parts of an ARN on its own, with `*` and `?`; a wildcard never reaches over a colon, except in the
 * last part, which may hold colons. ArnEquals and ArnLike behave alike, says AWS.
 */
export function arnLike(wanted: string): Matcher {
  const parts = splitArn(wanted);
  if (parts === undefined) throw new Unsupported(`${wanted} is not an ARN`);
  const templates = parts.map((part) => readTemplate(part, 'wildcards'));
  return (actual, facts) => {
    const given = splitArn(actual);
    if (given === undefined) return 'unknown';
    return fitsAll(
      given,
      templates.map((template) => (part: string, known: Facts) => fitsTemplate(part, template, known)),
      facts,
    );
  };
}

function fitsAll(
  given: readonly string[],
  matchers: readonly ((part: string, facts: Facts) => Fit)[],
  facts: Facts,
): Fit {
  const fits = matchers.map((matcher, index) => matcher(given[index] ?? '', facts));
  if (fits.includes('no')) return 'no';
  return fits.includes('unresolved') ? 'unresolved' : 'yes';
}

/** The six parts, cut at the first five colons outside of variables; undefined for a text that is no ARN. */
function splitArn(text: string): string[] | undefined {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (character === ':' && depth === 0 && parts.length < 6) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.length === 6 && parts[0] === 'arn' ? parts : undefined;
}
